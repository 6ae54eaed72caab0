"""Whether Usher answers at the address to which webhooks are sent, as far as that can be seen from here."""

from __future__ import annotations

import httpx2

from app.doctor.checks import Check, failed, warning, well

_SECONDS = 5.0
_DOOR = "/webhooks/github"
_NOT_A_POST = 405
"""What Usher's door says to everything that is no delivery, and next to nobody else does."""


async def check_address(public_url: str | None) -> list[Check]:
    """Look at the address as a forge does: at the door for webhooks itself."""
    if public_url is None:
        return [
            failed(
                "public address",
                "USHER_PUBLIC_URL is not set, so links in comments and signing in cannot work.",
                "Set it to the address under which people and the forge reach Usher.",
            )
        ]
    said = well("public address", f"People and the forge reach Usher at {public_url}.")
    door = f"{public_url}{_DOOR}"
    try:
        async with httpx2.AsyncClient(timeout=_SECONDS, follow_redirects=False) as client:
            status = (await client.get(door)).status_code
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return [
            said,
            warning(
                "webhook address",
                f"Nothing answers at {door} from here ({type(error).__name__}).",
                "Start `usher serve`, and let the address lead to it. If only this machine cannot reach it, the "
                "line about deliveries says whether the forge can.",
            ),
        ]
    if status != _NOT_A_POST:
        return [
            said,
            warning(
                "webhook address",
                f"At {door} something answers {status}, which Usher does not.",
                "Look where your proxy sends this path: webhooks must reach `usher serve` as they are.",
            ),
        ]
    return [said, well("webhook address", f"Usher answers at {door}.")]
