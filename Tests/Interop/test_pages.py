"""The README and docs/: links lead somewhere, and variables and commands are those of the program."""

import re
import subprocess

import pytest
from gateway import REPOSITORY, binary

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
# Of programs beside ours, and of the shell.
FOREIGN = {"TOKEN", "HOST", "NODE", "ID", "PID", "NAME", "USER", "PASSWORD", "URL", "PATH", "LOGIN", "NUMBER", "DAY", "NEW",
           "OLD", "REGISTRY", "PYTEST"}


def anchors(page):
    """The names that a page's headings have in links."""
    lines = re.sub(r"```.*?```", "", page.read_text(), flags=re.S).splitlines()
    return {re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
            for line in lines if line.startswith("#")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_variables_are_in_the_table_of_the_readme(page):
    table = PAGES[0].read_text().split("## Configuration")[1].split("\n## ")[0]
    known = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", table)) | FOREIGN
    text = page.read_text()
    named = set(re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", text))
    codes = {"EXTENSION_NOT_FOUND", "CAPACITY_EXCEEDED", "DEPENDENCY_UNAVAILABLE", "INVALID_API_KEY",
             "INVALID_SIGNATURE"}
    assert named - known - codes == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_those_of_the_program(page):
    help_text = subprocess.run([binary(), "help"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"^tandem (\w+)", help_text, re.M)) | {"help"}
    code = re.findall(r"`(?:\w+ )*?tandem ([a-z]+)\b[^`]*`", page.read_text())
    code += re.findall(r"^tandem ([a-z]+)\b", page.read_text(), re.M)
    assert set(code) - known <= {"tandem", "version"}, set(code) - known
