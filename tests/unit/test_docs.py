"""What the pages say is true."""

import re
import runpy
from pathlib import Path

import pytest

from paksatalker.evaluation.measure import VIDEO_TARGETS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FILES = [
    path.relative_to(ROOT).as_posix()
    for folder in ("paksatalker", "tests", "scripts", "k8s", "")
    for path in ((ROOT / folder).rglob("*") if folder else ROOT.iterdir())
]


@pytest.fixture(scope="module")
def reference() -> str:
    return runpy.run_path(str(ROOT / "scripts" / "make_cli_reference.py"))["reference"]()


def test_the_reference_of_the_command_line_is_what_the_program_says(reference):
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference, "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_that_are_named_exist(page, reference):
    text = page.read_text(encoding="utf-8")
    commands = set(re.findall(r"^## paksatalker (.+)$", reference, re.M))
    groups = {command.split()[0] for command in commands}
    options = set(re.findall(r"`(--?[a-z-]+)`", reference)) | {"--help", "--version"}
    names = r"(?:^|`|\$ )paksatalker ([a-z]+(?: (?:list|download|verify|check|convert|create|revoke))?)\b"
    for command in re.findall(names, text, re.M):
        assert command in commands or command in groups, command
    for line in re.findall(r"^\$? ?paksatalker .*$", text, re.M):
        for option in re.findall(r"(?<= )--[a-z-]+", line):
            assert option in options, option
    for option in re.findall(r"`(--[a-z-]+)", text):
        assert option in options, option


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_variables_that_are_named_exist(page):
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"`([\w./-]+\.(?:py|sh|toml|yaml))`", text):
        assert any(f"/{file}".endswith(f"/{name}") for file in FILES), name
    variables = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in re.findall(r"\bPAKSATALKER_[A-Z_]*[A-Z]\b", text):
        assert name in variables, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_the_pages_compiles_and_its_imports_work(page):
    for code in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
        assert compile(code, page.name, "exec")
        for line in re.findall(r"^from paksatalker.*$", code, re.M):
            names: dict[str, object] = {}
            exec(line, names)
            assert len(names) > 1, line


def test_every_measure_that_has_a_target_is_explained():
    page = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    unexplained = {"opening mean", "opening sd", "opening 95th percentile", "yaw sd", "pitch sd", "roll sd"}
    for name in VIDEO_TARGETS.keys() - unexplained - {"blink duration", "blink completeness"}:
        assert name in page, name


def test_make_targets_that_are_named_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for page in PAGES:
        for target in re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(encoding="utf-8"), re.M):
            assert target in targets, (page.name, target)
