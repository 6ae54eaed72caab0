"""Groups and projects: who is a member directly, who by inheritance, and with which level."""

from __future__ import annotations

from types import SimpleNamespace

import httpx2
import pytest

from app.forges.sandbox import GitLabSandbox
from tests.sandbox.gitlab.conftest import Caller, Receiver, caller


async def levels(bot: Caller, path: str) -> dict[str, int]:
    answer = await bot(f"GET {path}")
    assert answer.status_code == 200, answer.text
    return {each["username"]: each["access_level"] for each in answer.json()}


async def test_a_group_has_direct_and_inherited_members(bot: Caller, shop: SimpleNamespace) -> None:
    assert await levels(bot, "/groups/shop%2Fpay/members") == {"ben": 30, "carla": 30}
    everyone = await levels(bot, "/groups/shop%2Fpay/members/all")
    assert everyone == {"root": 50, "usher-bot": 30, "ana": 20, "ben": 30, "carla": 30}
    ben, ana = shop.ben.account.id, shop.ana.account.id
    assert (await bot(f"GET /groups/shop%2Fpay/members/{ben}")).json()["access_level"] == 30
    assert (await bot(f"GET /groups/shop%2Fpay/members/{ana}")).status_code == 404
    assert (await bot(f"GET /groups/shop%2Fpay/members/all/{ana}")).json()["access_level"] == 20


async def test_a_project_has_those_of_its_groups_and_of_the_groups_it_is_shared_with(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    """Each with the highest of their levels; a share gives no more than it says, nor than they have there."""
    forge.organisation("bank", hooked=False, bot=None)
    audit = forge.team("bank/audit", members=["vera"])
    forge.role(audit, forge.person("vera").account, "maintain")
    forge.repository("shop/pay/refunds", collaborators={"zoe": "maintain"}, teams={"bank/audit": "read"})
    path = "/projects/shop%2Fpay%2Frefunds/members"
    assert await levels(bot, path) == {"zoe": 40}
    assert await levels(bot, f"{path}/all") == {
        "root": 50,
        "usher-bot": 30,
        "ana": 20,
        "ben": 30,
        "carla": 30,
        "zoe": 40,
        "vera": 20,
    }
    assert await levels(bot, f"{path}/all?query=ze") == {}
    assert await levels(bot, f"{path}/all?user_ids[]={shop.ana.account.id}") == {"ana": 20}
    zoe = forge.person("zoe").account.id
    assert (await bot(f"GET {path}/{zoe}")).json()["access_level"] == 40
    assert (await bot(f"GET {path}/all/{zoe}")).json()["access_level"] == 40
    assert (await bot(f"GET {path}/ben")).status_code == 400


async def test_groups_and_their_projects_are_found_by_number_and_by_path(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    forge.team("shop/night", parent=shop.pay, members=["nora"])
    forge.repository("shop/pay/night/lamps", hooked=False)
    assert (await bot(f"GET /groups/{shop.pay.id}")).json()["full_path"] == "shop/pay"
    night = (await bot("GET /groups/SHOP%2Fpay%2Fnight")).json()
    assert (night["full_path"], night["parent_id"]) == ("shop/pay/night", shop.pay.id)

    async def names(path: str, field: str = "full_path") -> list[str]:
        return [each[field] for each in (await bot(f"GET {path}")).json()]

    assert await names("/groups") == ["shop", "shop/pay", "shop/pay/night"]
    assert await names("/groups/shop/subgroups") == ["shop/pay"]
    assert await names("/groups/shop/descendant_groups") == ["shop/pay", "shop/pay/night"]
    projects = "/groups/shop/projects"
    assert await names(projects, "path_with_namespace") == ["shop/api"]
    assert await names(f"{projects}?include_subgroups=true", "path_with_namespace") == [
        "shop/pay/night/lamps",
        "shop/api",
    ]
    assert (await bot("GET /projects/shop%2Fpay%2Fnight%2Flamps")).json()["namespace"]["full_path"] == (
        "shop/pay/night"
    )
    assert await names("/projects?search=LAMP", "path_with_namespace") == ["shop/pay/night/lamps"]


async def test_a_list_of_projects_is_paged_by_keyset(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    for name in "bcd":
        forge.repository(f"shop/{name}")
    path = "/groups/shop/projects?pagination=keyset&order_by=id&sort=asc&per_page=3"
    first = await bot(f"GET {path}")
    assert [each["name"] for each in first.json()] == ["api", "b", "c"]
    assert "x-total" not in first.headers
    assert f"id_after={first.json()[-1]['id']}" in first.headers["link"]
    after = await bot(f"GET {path}&id_after={first.json()[-1]['id']}")
    assert [each["name"] for each in after.json()] == ["d"]
    assert "link" not in after.headers


async def test_owners_manage_members_over_rest_and_each_step_is_told(
    forge: GitLabSandbox, client: httpx2.AsyncClient, bot: Caller, receiver: Receiver, shop: SimpleNamespace
) -> None:
    boss = caller(forge, client, forge.person("boss", member_of="shop", owner=True))
    dora = forge.person("dora").account
    await forge.idle()
    receiver.forget()
    body = {"user_id": dora.id, "access_level": 30}
    assert (await bot("POST /groups/shop%2Fpay/members", body)).status_code == 403
    assert (await boss("POST /groups/shop%2Fpay/members", body)).status_code == 201
    assert (await boss("POST /groups/shop%2Fpay/members", body)).status_code == 409
    member = f"/groups/shop%2Fpay/members/{dora.id}"
    assert (await boss(f"PUT {member}", {"access_level": 40})).json()["access_level"] == 40
    assert (await boss(f"PUT {member}", {"access_level": 33})).status_code == 400
    assert (await boss(f"DELETE {member}")).status_code == 204
    assert (await boss(f"DELETE {member}")).status_code == 404
    assert (await boss("POST /groups/shop/members", body)).status_code == 201
    await forge.idle()
    assert [(each.kind, each.payload["group_access"]) for each in receiver.received] == [
        ("user_add_to_group", "Developer"),
        ("user_update_for_group", "Maintainer"),
        ("user_remove_from_group", "Maintainer"),
        ("user_add_to_group", "Developer"),
    ]
    assert {each.payload["group_id"] for each in receiver.received[:3]} == {shop.pay.id}


async def test_people_say_that_they_are_busy(
    forge: GitLabSandbox, client: httpx2.AsyncClient, bot: Caller, shop: SimpleNamespace
) -> None:
    path = f"/users/{shop.ben.account.id}/status"
    assert (await bot(f"GET {path}")).json()["availability"] is None
    shop.ben.is_busy("On holiday")
    told = (await bot(f"GET {path}")).json()
    assert (told["availability"], told["message"]) == ("busy", "On holiday")
    ben = caller(forge, client, shop.ben)
    assert (await ben("PUT /user/status", {"availability": "not_set"})).json()["availability"] is None
    assert (await ben("PUT /user/status", {"availability": "asleep"})).status_code == 400
    assert (await bot("GET /users/BEN/status")).json()["availability"] is None
    assert [each["id"] for each in (await bot("GET /users?username=BEN")).json()] == [shop.ben.account.id]
    assert (await bot("GET /users/1")).status_code == 404


@pytest.mark.parametrize(("tier", "name"), [("free", "19.2.0"), ("ultimate", "19.2.0-ee")])
async def test_a_gitlab_says_which_one_it_is(bot: Caller, name: str) -> None:
    assert (await bot("GET /version")).json()["version"] == name
    assert (await bot("GET /metadata")).json()["enterprise"] == name.endswith("-ee")


async def test_a_renamed_project_is_read_under_its_old_name_and_written_to_no_more(
    forge: GitLabSandbox, bot: Caller, shop: SimpleNamespace
) -> None:
    forge.person("boss", member_of="shop", owner=True).renames(shop.api, "backend")
    answer = await bot("GET /projects/shop%2Fapi/members/all?per_page=5")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"{forge.url}/api/v4/projects/{shop.api.id}/members/all"
    assert (await bot("POST /projects/shop%2Fapi/issues", {"title": "x"})).status_code == 405
