"""docs/edge-protocol.md says what the code does: its example is recomputed, its calls and error words are all there are."""

import re
from pathlib import Path

from kaopei.edge import admission, asking, delivery, receipts
from kaopei.edge import sitting as pieces

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "edge-protocol.md").read_text(encoding="utf-8")


def example():
    table = TEXT.split("<!-- example -->")[1].split("Handed in with")[0]
    return [[cell.strip().strip("`") for cell in line.strip().strip("|").split("|")] for line in table.strip().splitlines()[2:]]


def test_the_worked_example_is_right():
    salt = bytes.fromhex(re.search(r"Salt `([0-9a-f]{32})`", TEXT).group(1))
    attempt = re.search(r"attempt `(\w+)`", TEXT).group(1)
    head = pieces.chain_seed(attempt, salt)
    (first, *events) = example()
    assert first[-1] == head.hex() and len(events) == 5
    for lease, seq, kind, item, value, chain in events:
        head = pieces.chained(head, attempt, int(lease), int(seq), kind, int(item), value)
        assert chain == head.hex()
    assert f"`{receipts.code_of(attempt, len(events), head)}`" in TEXT


def test_the_printed_function_is_the_servers():
    scope = {}
    exec(re.search(r"```python\n(.*?)```", TEXT, re.S).group(1), scope)
    args = (b"\1" * 32, "K1", 2, 3, "answer", 4, "BD")
    assert scope["chained"](*args) == pieces.chained(*args)


def test_every_call_is_documented_and_no_other():
    known = {(method, path) for method, path in [*delivery.CALLS, *asking.CALLS, *delivery.OPEN_CALLS]}
    written = set(re.findall(r"^\| `(GET|POST) (/api/[^`]+)`", TEXT, re.M))
    assert written == known


def test_every_error_word_is_documented_with_its_status():
    source = "".join((ROOT / "kaopei" / "edge" / name).read_text(encoding="utf-8") for name in ("delivery.py", "asking.py", "wire.py", "gate.py"))
    used = set(re.findall(r"Refusal\((\d{3}), \"(\w+)\"", source)) | set(re.findall(r"status, answer = (\d{3}), \{\"error\": \"(\w+)\"", source))
    assert len(used) > 12
    table = TEXT.split("| status | `error` |")[1].split("No answer within")[0]
    cells = [line.split("|") for line in table.splitlines() if line.startswith("| ")]
    written = {(one[1].strip(), word) for one in cells for word in re.findall(r"`(\w+)`", one[2])}
    assert used <= written, sorted(used - written)


def test_the_numbers_in_the_text_are_the_codes_own():
    assert f"{delivery.MOST_EVENTS:,} events" in TEXT and f"{delivery.MOST_LATE} at most" in TEXT
    assert f"{delivery.BODY_LIMIT // 1024} KiB" in TEXT and f"more than {pieces.GRACE_SECONDS:.0f} s" in TEXT
    assert f"waits {admission.PAUSE_STEP:.0f} s more" in TEXT and f"{admission.LONGEST_PAUSE:.0f} s at most" in TEXT
    assert pieces.LOST_CREDIT_CAP_SECONDS == 600 and "10 minutes at most" in TEXT and receipts.ALPHABET in TEXT


def test_a_receipt_code_finds_every_single_wrong_character():
    code = receipts.code_of("K00001", 5, b"\7" * 32)
    assert len(code) == 17 and receipts.check_character(code[:-1]) == code[-1]
    for place in range(16):
        for letter in receipts.ALPHABET:
            if letter != code[place]:
                assert receipts.check_character(code[:place] + letter + code[place + 1 : -1]) != code[-1]
