"""What metadata files declare, and the line of what cannot be used."""

from __future__ import annotations

import pytest

from policies.catalogue.reading import declared, read_catalog_info, read_innersource, read_publiccode

INNER = b"""{
  "title": "Retry",
  "motivation": "Every team wrote it.",
  "contributions": ["Backends", "Docs"],
  "skills": ["python"],
  "docs": "https://docs.example/retry",
  "unknown": {"deep": true}
}
"""


def test_innersource_json() -> None:
    found, problems = read_innersource(INNER)
    assert problems == []
    assert found == {
        "title": "Retry",
        "motivation": "Every team wrote it.",
        "docs": "https://docs.example/retry",
        "contributions": ["Backends", "Docs"],
        "skills": ["python"],
    }


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b'{\n  "title": "x",\n}\n', 3, "not JSON"),
        (b'{\n  "title": "x",\n  "skills": "python"\n}\n', 3, "not a list of texts"),
        (b'{\n\n  "title": 7\n}\n', 3, "not a text"),
        (b"[]", 1, "not an object"),
        (b"", 1, "not JSON"),
        (b"\xff\xfe", 1, "not UTF-8"),
        (b'"' + b"x" * 70_000 + b'"', 1, "64 KiB"),
        (b"[" * 60_000, 1, "cannot be read"),
        (b'{"title": ' + b"9" * 5_000 + b"}", 1, "cannot be read"),
    ],
)
def test_what_is_wrong_with_an_innersource_json(content: bytes, line: int, said: str) -> None:
    found, [problem] = read_innersource(content)
    assert found is None
    assert (problem.line, said in problem.message) == (line, True)


def test_what_a_reader_cannot_see_is_left_out() -> None:
    found, _ = read_innersource(b'{"title": "a\\u202eb\\u0000\\n c"}')
    assert found == {"title": "a b c"}


def test_publiccode_yml() -> None:
    found, problems = read_publiccode(
        b"name: Medusa\nurl: https://x.example\ndevelopmentStatus: stable\n"
        b"maintenance:\n  type: internal\n  contacts:\n    - name: Dora\n"
        b"description:\n  it:\n    shortDescription: Ciao\n"
        b"  en:\n    shortDescription: Hello\n    documentation: https://d.example\n"
    )
    assert problems == []
    assert found == {
        "name": "Medusa", "url": "https://x.example", "status": "stable", "maintenance": "internal",
        "contact": "Dora", "description": "Hello", "documentation": "https://d.example",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "line"), [(b"name: a\nname: b\n", 2), (b"- a\n", 1), (b"name: &x a\n", 1), (b"a: [\n", 2)]
)
def test_what_is_wrong_with_a_publiccode_yml(content: bytes, line: int) -> None:
    found, [problem] = read_publiccode(content)
    assert found is None
    assert problem.line == line


def test_catalog_info_has_every_component() -> None:
    found, problems = read_catalog_info(
        b"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: retry\n"
        b"spec:\n  type: library\n  owner: platform\n  lifecycle: production\n  dependsOn: [component:log]\n"
        b"---\nkind: API\nmetadata: {name: retry-api}\n"
        b"---\nkind: Component\nmetadata:\n  name: tool\nspec: {owner: 'user:default/ana'}\n"
    )
    assert problems == []
    assert [(each.name, each.owner) for each in found] == [
        ("retry", "group:default/platform"),
        ("tool", "user:default/ana"),
    ]
    assert found[0].depends_on == ("component:log",)


def test_a_problem_in_the_second_document_has_its_line_in_the_file() -> None:
    found, [problem] = read_catalog_info(
        b"kind: Component\nmetadata: {name: a}\n---\nkind: Component\nx: [\n"
    )
    assert found == ()
    assert problem.line == 6


def test_files_together() -> None:
    found = declared({"innersource.json": b"{}", "publiccode.yml": b"- a\n"})
    assert found.has_inner
    assert [each.path for each in found.problems] == ["publiccode.yml"]
    assert not declared({}).has_inner
