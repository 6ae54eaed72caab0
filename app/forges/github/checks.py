"""Check runs of GitHub: found again, updated, and annotated in portions."""

from __future__ import annotations

from app.forges.calls import items
from app.forges.github.writing import Writing
from app.forges.json_values import number, text
from handlers.ports import Gone, Verdict
from policies.facts import (
    RepositoryRef,
)

MOST_ANNOTATIONS = 50  # of one request ("Create a check run"); more are added by updates


class CheckDesk(Writing):
    """`judge` of the port `Desk`."""

    async def judge(self, repository: RepositoryRef, verdict: Verdict) -> int:
        key = (repository.id, verdict.head, verdict.external_id)
        known = self._memory.checks.get(key)
        # Annotations are only ever added, so those that are there are not sent again.
        there = len(verdict.annotations)
        if known is None:
            known, there = await self._find_check(repository, verdict)
        run = await self._judge_again(repository, known, verdict, there) if known else None
        if run is None:
            there, body = 0, {"head_sha": verdict.head, **_shown(verdict, 0)}
            run = number(await self._write(repository, "POST", "check-runs", body), "id") or 0
        for more in range(there + MOST_ANNOTATIONS, len(verdict.annotations), MOST_ANNOTATIONS):
            await self._judge_again(repository, run, verdict, more)
        self._memory.checks.put(key, run)
        return run

    async def _judge_again(
        self, repository: RepositoryRef, run: int, verdict: Verdict, there: int
    ) -> int | None:
        """Update a check run that has the first `there` annotations; None where it is gone."""
        path = "check-runs/{check_run_id}"
        try:
            await self._write(repository, "PATCH", path, _shown(verdict, there), check_run_id=run)
        except Gone:
            return None
        return run

    async def _find_check(self, repository: RepositoryRef, verdict: Verdict) -> tuple[int | None, int]:
        """The check run of this verdict and how many annotations it has already."""
        ours = {"sha": verdict.head, "check_name": verdict.name, "app_id": self._client.app_id}
        async for page in self._pages(repository, "commits/{sha}/check-runs", **ours):
            for run in items(page, "check_runs"):
                if text(run, "external_id") == verdict.external_id:
                    return number(run, "id"), number(run, "output.annotations_count") or 0
        return None, 0


def _shown(verdict: Verdict, there: int) -> dict[str, object]:
    output: dict[str, object] = {"title": verdict.title, "summary": verdict.summary}
    if new := verdict.annotations[there : there + MOST_ANNOTATIONS]:
        output["annotations"] = [
            {
                "path": each.path,
                "start_line": each.line,
                "end_line": each.line,
                "annotation_level": each.level,
                "title": each.title,
                "message": each.message,
            }
            for each in new
        ]
    return {
        "name": verdict.name,
        "external_id": verdict.external_id,
        "status": "completed",
        "conclusion": verdict.conclusion,
        "output": output,
    }
