"""``paksatalker doctor``: is everything here that a video needs, and if not, what mends it."""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.text import Text

from paksatalker.cli.checks import Finding, Verdict, examine
from paksatalker.cli.console import print_json, stdout
from paksatalker.cli.options import Json

#: Exit code when something fails that ``generate`` needs.
EXIT_UNFIT = 1

_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red"}


def doctor(json: Json = False) -> None:
    """Check this machine: libraries, encoders, models, engines. Exit code 1 if `generate` would not work."""
    if json:
        findings = list(examine())
        print_json(
            {
                "fit": not _unfit(findings),
                "findings": [asdict(item) | {"verdict": str(item.verdict)} for item in findings],
            }
        )
    else:
        findings = []
        console = stdout()
        for finding in examine():
            findings.append(finding)
            console.print(_line(finding), soft_wrap=True)
        console.print("Ready." if not _unfit(findings) else "Not ready: mend what failed above.")
    if _unfit(findings):
        raise typer.Exit(EXIT_UNFIT)


def _unfit(findings: list[Finding]) -> bool:
    return any(finding.verdict is Verdict.FAIL for finding in findings)


def _line(finding: Finding) -> Text:
    line = Text(f"{finding.verdict:<5}", style=_STYLES[finding.verdict])
    line.append(f"{finding.topic}: {finding.detail}", style="default")
    if finding.fix:
        line.append(f". {finding.fix}", style="default")
    return line
