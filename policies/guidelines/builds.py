"""Which commands of a guideline can really be run in a repository: scripts, targets and tools that it declares."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from policies.facts import Tree

MOST_FILES = 30
"""So many build files are read; of others only their being there is known."""

_DEEPEST = 3
_SKIPPED = {
    "node_modules",
    "vendor",
    "third_party",
    "testdata",
    "fixtures",
    "test",
    "tests",
    "examples",
    "example",
}
_MAKE = ("GNUmakefile", "makefile", "Makefile")
_READ = {*_MAKE, "package.json", "composer.json", "justfile", "Justfile", ".justfile", "Taskfile.yml",
         "Taskfile.yaml", "pyproject.toml", "deno.json"}  # fmt: skip

MANIFESTS = (
    "package.json", "pyproject.toml", "setup.py", "setup.cfg", "requirements*.txt", "tox.ini", "noxfile.py",
    "go.mod", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle*", "*.csproj", "*.sln",
    "Gemfile", "*.gemspec", "composer.json", "Package.swift", "pubspec.yaml", "mix.exs", "Makefile", "makefile",
    "GNUmakefile", "justfile", "Taskfile.y*ml", "CMakeLists.txt", "meson.build", "Dockerfile",
    ".gitlab-ci.yml", ".github/workflows/*.y*ml", ".circleci/config.yml", "azure-pipelines.yml", "Jenkinsfile",
)  # fmt: skip
"""Files that say how a repository is built and tested."""

ENOUGH = 5
"""After so many changes of how to build or test, an old guideline is stale."""

_PYTHON = ("pyproject.toml", "setup.py", "setup.cfg", "requirements*.txt", "tox.ini", "Pipfile")
_JVM = ("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts")
TOOLS: Mapping[str, tuple[str, ...]] = {
    "go": ("go.mod", "go.work"), "cargo": ("Cargo.toml",), "rustup": ("Cargo.toml",),
    "mvn": ("pom.xml",), "gradle": _JVM, "dotnet": ("*.csproj", "*.sln", "*.fsproj", "global.json"),
    "bundle": ("Gemfile",), "rake": ("Rakefile",), "gem": ("*.gemspec", "Gemfile"), "rspec": ("Gemfile", ".rspec"),
    "composer": ("composer.json",), "phpunit": ("composer.json", "phpunit.xml*"),
    "swift": ("Package.swift",), "flutter": ("pubspec.yaml",), "dart": ("pubspec.yaml",), "mix": ("mix.exs",),
    "cmake": ("CMakeLists.txt",), "ctest": ("CMakeLists.txt",), "meson": ("meson.build",), "bazel": ("WORKSPACE*",
    "MODULE.bazel"), "sbt": ("build.sbt",), "terraform": ("*.tf",), "helm": ("Chart.yaml", "charts/*"),
    "docker": ("Dockerfile*", "compose.y*ml", "docker-compose*.y*ml"), "docker-compose": ("docker-compose*.y*ml",
    "compose.y*ml"), "vagrant": ("Vagrantfile",), "nix": ("flake.nix", "*.nix"), "nix-shell": ("*.nix",),
    "pytest": _PYTHON, "tox": ("tox.ini", "pyproject.toml", "setup.cfg"), "nox": ("noxfile.py",), "uv": _PYTHON,
    "poetry": ("pyproject.toml",), "hatch": ("pyproject.toml",), "pdm": ("pyproject.toml",), "pipenv": ("Pipfile",),
    "pip": _PYTHON, "pip3": _PYTHON, "mypy": _PYTHON, "ruff": _PYTHON, "pre-commit": (".pre-commit-config.yaml",),
    "conda": ("environment.y*ml",), "brew": ("Brewfile",), "npx": ("package.json",), "jest": ("package.json",),
    "deno": ("deno.json*",), "lerna": ("lerna.json",), "nx": ("nx.json",), "turbo": ("turbo.json",),
    "ansible-playbook": ("*.y*ml",), "lein": ("project.clj",), "stack": ("stack.yaml",), "cabal": ("*.cabal",),
    "rebar3": ("rebar.config",), "zig": ("build.zig",), "pod": ("Podfile",), "earthly": ("Earthfile",),
}  # fmt: skip
"""The files that a tool needs, in the directory where it runs or in the root."""

_NODE = {"npm", "yarn", "pnpm", "bun"}
_NODE_BUILT_IN = {"install", "i", "ci", "add", "dlx", "exec", "link", "audit", "outdated", "update", "up"}
_INTERPRETERS = {
    "python",
    "python3",
    "py",
    "node",
    "ruby",
    "bash",
    "sh",
    "zsh",
    "perl",
    "php",
    "deno",
    "source",
    ".",
}
_BEFORE = {"sudo", "time", "env", "nice", "exec", "command", "xvfb-run"}
_PROMPT = re.compile(r"^\s*(?:\$|>|%|❯|\(\w+\)\s*\$)\s+")
_BETWEEN = re.compile(r"&&|\|\||[;|]")
_TARGET = re.compile(r"^([A-Za-z0-9_.%/ -]+?)\s*::?(?!=)", re.MULTILINE)
_RECIPE = re.compile(r"^@?([A-Za-z0-9_-]+)(?:[ \t]+[^:\n]*)?:(?!=)", re.MULTILINE)
_TASK = re.compile(r"^  ([A-Za-z0-9_:-]+):", re.MULTILINE)

_TESTING = re.compile(r"test|check|lint|spec|verify|\bt(?:ox|st)\b|\bnox\b|jest|mypy|ruff|pre-commit")


@dataclass(frozen=True, slots=True)
class Builds:
    """What can be run: `scripts` and `targets` by directory ("" is the root), None where they are not known."""

    paths: frozenset[str] = frozenset()
    scripts: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    targets: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    recipes: Mapping[str, frozenset[str] | None] = field(default_factory=dict)

    def has(self, folder: str, patterns: Iterable[str]) -> bool:
        """Whether the directory or the root has a file of one of these names."""
        here = [path for path in self.paths if path.rpartition("/")[0] in (folder, "")]
        return any(fnmatchcase(path.rpartition("/")[2], pattern) for path in here for pattern in patterns)


def worth_reading(tree: Tree) -> tuple[str, ...]:
    """The build files whose content says which commands there are, those near the root first."""
    found = []
    for path in tree.paths:
        folders = path.split("/")[:-1]
        if path.rpartition("/")[2] in _READ and len(folders) <= _DEEPEST and not _SKIPPED & set(folders):
            found.append(path)
    return tuple(sorted(found, key=lambda path: (path.count("/"), path))[:MOST_FILES])


def says_how(tree: Tree) -> tuple[str, ...]:
    """The files of a repository that say how to build and test it, those near the root first; at most twenty."""
    found = [path for path in tree.paths if is_build_file(path)]
    return tuple(sorted(found, key=lambda path: (path.count("/"), path))[:20])


def is_build_file(path: str) -> bool:
    """Whether a file of this path says how something is built, tested or checked."""
    name = path.rpartition("/")[2]
    return any(fnmatchcase(path if "/" in pattern else name, pattern) for pattern in MANIFESTS)


def builds(tree: Tree, contents: Mapping[str, bytes]) -> Builds:
    """What the build files declare; `contents` are those that were read."""
    scripts: dict[str, frozenset[str] | None] = {}
    targets: dict[str, frozenset[str] | None] = {}
    recipes: dict[str, frozenset[str] | None] = {}
    for path in tree.paths:
        folder, _, name = path.rpartition("/")
        content = contents.get(path)
        if name in ("package.json", "composer.json"):
            scripts[folder] = _either(scripts.get(folder, frozenset()), _scripts(content))
        elif name in _MAKE:
            targets[folder] = _targets(content)
        elif name.lower().strip(".") == "justfile":
            recipes[folder] = _either(recipes.get(folder, frozenset()), _matches(_RECIPE, content))
        elif name.startswith("Taskfile.y"):
            recipes[folder] = _either(recipes.get(folder, frozenset()), _matches(_TASK, content))
    return Builds(frozenset(tree.paths), scripts, targets, recipes)


def _either(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other


def _scripts(content: bytes | None) -> frozenset[str] | None:
    if content is None:
        return None
    try:
        said = json.loads(content)
        names = said.get("scripts", {})
        return frozenset(str(name) for name in names)
    except (ValueError, AttributeError, TypeError, RecursionError):
        return frozenset()


def _targets(content: bytes | None) -> frozenset[str] | None:
    if content is None:
        return None
    text = content.decode(errors="replace")
    if re.search(r"^-?include\s", text, re.MULTILINE):
        return None  # some of them are elsewhere
    return frozenset(name for match in _TARGET.finditer(text) for name in match[1].split())


def _matches(pattern: re.Pattern[str], content: bytes | None) -> frozenset[str] | None:
    return None if content is None else frozenset(pattern.findall(content.decode(errors="replace")))


# --- Commands -------------------------------------------------------------------------------------------


def commands(block: str) -> Iterator[tuple[str, ...]]:
    """The commands of a block of code, each as its words; a comment is none."""
    for line in block.replace("\\\n", " ").split("\n"):
        for part in _BETWEEN.split(_PROMPT.sub("", line)):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:
                words = part.split()
            while words and (words[0] in _BEFORE or re.fullmatch(r"[A-Za-z_]\w*=.*", words[0])):
                words = words[1:]
            if words:
                yield tuple(words)


def real(block: str, built: Builds, *, for_tests: bool | None = None) -> bool:
    """Whether a block of code has a command that this repository can run.

    `for_tests`: only one that tests (True), or only one that does not (False).
    """
    folder = ""
    for words in commands(block):
        if words[0] == "cd" and len(words) > 1:
            folder = _entered(folder, words[1], built)
        elif is_real(words, built, folder) and for_tests in (None, bool(_TESTING.search(" ".join(words)))):
            return True
    return False


def is_real(words: tuple[str, ...], built: Builds, folder: str = "") -> bool:
    """Whether the repository declares what this command runs."""
    head = words[0].rpartition("/")[2] if words[0].startswith((".venv/", "venv/", "./")) else words[0]
    rest = [word for word in words[1:] if not word.startswith("-")]
    if head in _NODE:
        return _is_script(words, rest, built, folder)
    if head in ("make", "gmake"):
        return _is_target(rest, built.targets, folder, words, "-C")
    if head in ("just", "task"):
        return _is_target(rest, built.recipes, folder, words, "-d")
    if head in _INTERPRETERS:
        return _runs_file(words, built, folder)
    if head in ("gradlew", "mvnw", "gradlew.bat", "mvnw.cmd"):
        return built.has(folder, (head,))
    if head in TOOLS:
        return built.has(folder, TOOLS[head]) and not (
            head.startswith("pip") and _is_elsewhere(rest, built, folder)
        )
    return _path(folder, words[0]) in built.paths


def _entered(folder: str, into: str, built: Builds) -> str:
    """Where `cd` leads; the first one may lead into the fresh clone itself, which is the root."""
    path = _path(folder, into.rstrip("/"))
    inside = any(each.startswith(f"{path}/") for each in built.paths)
    return path if inside else folder


def _path(folder: str, name: str) -> str:
    pieces = folder.split("/") if folder else []
    for piece in name.split("/"):
        if piece == "..":
            pieces = pieces[:-1]
        elif piece not in ("", "."):
            pieces.append(piece)
    return "/".join(pieces)


def _is_script(words: tuple[str, ...], rest: list[str], built: Builds, folder: str) -> bool:
    if not rest:
        return words[0] == "yarn" and built.has(folder, ("package.json",))
    wanted = rest[1] if rest[0] in ("run", "run-script") and len(rest) > 1 else rest[0]
    if wanted in ("t", "tst"):
        wanted = "test"
    if wanted in _NODE_BUILT_IN:
        return built.has(folder, ("package.json",))
    elsewhere = {
        "-w",
        "--workspace",
        "--workspaces",
        "-ws",
        "--filter",
        "-F",
        "--prefix",
        "--cwd",
        "-C",
        "-r",
    }
    in_any = rest[0] == "workspace" or any(word.partition("=")[0] in elsewhere for word in words)
    if rest[0] == "workspace" and len(rest) > 2:
        wanted = rest[3] if rest[2] == "run" and len(rest) > 3 else rest[2]
    folders = built.scripts if in_any else {folder, ""} & set(built.scripts)
    return any(known is None or wanted in known for known in (built.scripts[each] for each in folders))


def _is_target(
    rest: list[str],
    known: Mapping[str, frozenset[str] | None],
    folder: str,
    words: tuple[str, ...],
    flag: str,
) -> bool:
    if flag in words[:-1]:
        inside = words[words.index(flag) + 1]
        folder, rest = _path(folder, inside), [word for word in rest if word != inside]
    there = known.get(folder, frozenset()) if folder in known else known.get("", frozenset())
    wanted = [word for word in rest if "=" not in word]
    if there is None:
        return True
    return all(word in there for word in wanted) if wanted else bool(there)


def _runs_file(words: tuple[str, ...], built: Builds, folder: str) -> bool:
    if "-m" in words[:-1]:
        module = words[words.index("-m") + 1]
        return (module in TOOLS and built.has(folder, TOOLS[module])) or (
            module in ("unittest", "build", "venv") and (built.has(folder, (*_PYTHON, "*.py")))
        )
    return any(_path(folder, word) in built.paths for word in words[1:])


def _is_elsewhere(rest: list[str], built: Builds, folder: str) -> bool:
    """Whether `pip install -r FILE` names a file that is not there."""
    files = [word for word in rest if word.endswith(".txt")]
    return bool(files) and not any(_path(folder, each) in built.paths for each in files)


def suggested(built: Builds, contents: Mapping[str, bytes]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The commands in the root that set a repository up, and those that test it, as somebody would type them."""
    setup: list[str] = []
    test: list[str] = []
    targets, scripts, recipes = (
        each.get("") or frozenset() for each in (built.targets, built.scripts, built.recipes)
    )
    for name, into in (
        ("install", setup),
        ("setup", setup),
        ("bootstrap", setup),
        ("test", test),
        ("check", test),
    ):
        into += [f"make {name}"] * (name in targets) + [f"just {name}"] * (name in recipes)
    if not setup:
        setup += [command for command, names in _SETS_UP.items() if built.has("", names)][:1]
    if not test:
        if "test" in scripts and built.has("", ("package.json",)):
            test.append("npm test")
        test += [command for command, names in _TESTS.items() if built.has("", names)][:1]
        if not test and _mentions_pytest(contents.get("pyproject.toml")):
            test.append("pytest")
    return tuple(setup), tuple(test)


_SETS_UP = {
    "npm install": ("package.json",),
    "uv sync": ("uv.lock",),
    "poetry install": ("poetry.lock",),
    "pip install -e .": ("pyproject.toml", "setup.py"),
    "pip install -r requirements.txt": ("requirements.txt",),
    "bundle install": ("Gemfile",),
    "composer install": ("composer.json",),
    "go mod download": ("go.mod",),
    "cargo build": ("Cargo.toml",),
    "./mvnw install": ("mvnw",),
    "mvn install": ("pom.xml",),
    "./gradlew build": ("gradlew",),
    "dotnet restore": ("*.sln", "*.csproj"),
}
_TESTS = {
    "tox": ("tox.ini",),
    "nox": ("noxfile.py",),
    "go test ./...": ("go.mod",),
    "cargo test": ("Cargo.toml",),
    "./mvnw verify": ("mvnw",),
    "mvn verify": ("pom.xml",),
    "./gradlew check": ("gradlew",),
    "dotnet test": ("*.sln", "*.csproj"),
    "bundle exec rake": ("Rakefile",),
}


def _mentions_pytest(content: bytes | None) -> bool:
    if content is None:
        return False
    try:
        said = tomllib.loads(content.decode())
    except (ValueError, RecursionError):
        return False
    return "pytest" in json.dumps(said, default=str)
