"""An organisation large enough that its teams mean something: `shop` with five teams of few people each."""

from __future__ import annotations

from app.forges.sandbox import Sandbox
from tests.stories import GUIDE, Shop

OWNERS = """\
*          @shop/platform
pay/       @shop/payments
docs/      @erin
free/
"""


def grown_shop(forge: Sandbox, rules: str = "", owners: str = OWNERS, **more: str) -> Shop:
    """Twenty people. Payments own `pay/`, the platform with its core the rest; ana comes from search."""
    forge.organisation("shop")
    ana, ben, carla, dora, erin = (
        forge.person(login, member_of="shop") for login in ("ana", "ben", "carla", "dora", "erin")
    )
    forge.team("shop/payments", members=[ben, carla])
    platform = forge.team("shop/platform", members=[dora])
    forge.team("shop/core", members=[erin], parent=platform)
    forge.team("shop/search", members=[ana, "gus"])
    for number in range(15):
        forge.person(f"p{number:02}", member_of="shop")
    forge.team("shop/everybody", members=["ana", "ben", *(f"p{number:02}" for number in range(10))])
    if forge.kind == "gitlab":
        owners = owners.replace("\nfree/\n", "\n!free/\n")  # how files are nobody's there
    files = {
        ".github/CODEOWNERS": owners,
        ".github/usher.yml": rules,
        "pay/refund.py": "def refund(): ...\n",
        "docs/guide.md": "# Guide\n",
        "CONTRIBUTING.md": GUIDE,
        "Makefile": "install:\n\ttrue\ntest:\n\ttrue\n",
        "free/notes.md": "Notes\n",
        "app.py": "print('shop')\n",
        **more,
    }
    api = forge.repository(
        "shop/api",
        files=files,
        teams={"shop/payments": "write", "shop/platform": "maintain"},
        collaborators={"dora": "admin"},
    )
    return Shop(forge, ana, ben, carla, dora, erin, api)
