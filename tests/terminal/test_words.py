"""What the terminal says: every word in words.js, in both languages; no text and no address anywhere else."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "kaopei" / "terminal"
MODULES = sorted(FOLDER.glob("*.js"))
WORDS = (FOLDER / "words.js").read_text(encoding="utf-8")


def keys(language):
    start = WORDS.index(f"  {language}: {{")
    block = WORDS[start : WORDS.index("\n  },", start)]
    return re.findall(r"(?:^|[\s{])([a-z_0-9]+): \"", block)


def test_both_languages_have_the_same_words():
    assert keys("zh") == keys("en") and len(keys("zh")) == len(set(keys("zh"))) > 90


def test_every_word_that_is_asked_for_exists():
    known, asked, built = set(keys("zh")), set(), set()
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        asked |= set(re.findall(r"\bt\(\"(\w+)\"", text))
        built |= set(re.findall(r"\bt\(`(\w*)\$\{", text))
    assert len(asked) > 50 and asked <= known, sorted(asked - known)
    for prefix in built - {""}:
        assert any(word.startswith(prefix) for word in known), prefix


def test_no_words_of_people_stand_outside_the_table():
    """Comments apart; markup in index.html is what stands there before a script runs."""
    for path in MODULES:
        if path.name == "words.js":
            continue
        code = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"[\u4e00-\u9fff]", code), path.name


def test_the_terminal_names_no_other_machine():
    for path in [*MODULES, *FOLDER.glob("*.css"), *FOLDER.glob("*.html")]:
        found = re.findall(r"https?://[^\s\"']+", path.read_text(encoding="utf-8"))
        assert set(found) <= {"http://www.w3.org/2000/svg"}, (path.name, found)


def test_markup_comes_from_no_string():
    """Text is always text: nothing of an item or a name can become an element."""
    for path in MODULES:
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", path.read_text(encoding="utf-8"))


def test_modules_are_short():
    assert all(path.read_text(encoding="utf-8").count("\n") <= 400 for path in MODULES)
