"""Hashes: fixed values worked out by hand from the definition."""

from hashlib import sha256

import pytest

from kaopei.lottery import seed


def by_hand(*fields: str) -> bytes:
    return sha256(b"".join(len(raw).to_bytes(4, "big") + raw for raw in (field.encode() for field in fields))).digest()


def test_length_prefixes_keep_fields_apart() -> None:
    assert seed.keyed("t", "ab", "c") != seed.keyed("t", "a", "bc")
    assert seed.keyed("t", "考生") == by_hand("xexam/1", "t", "考生").hex()


def test_commitment_hides_the_secret_and_names_party_and_draw() -> None:
    assert seed.commitment("city", "d1", "00ff") == by_hand("xexam/1", "commit", "city", "d1", "00ff").hex()
    assert seed.commitment("city", "d2", "00ff") != seed.commitment("city", "d1", "00ff")


def test_seed_combines_secrets_by_party_bytewise() -> None:
    secrets = {"é": "03", "b": "02", "B": "01"}
    wanted = by_hand("xexam/1", "seed", "d1", "11" * 32, "01", "02", "03", "public")
    assert seed.combine("d1", "11" * 32, secrets, "public") == wanted.hex()
    assert seed.combine("d1", "11" * 32, dict(sorted(secrets.items())), "public") == wanted.hex()


def test_binding_ties_draw_input_and_seed() -> None:
    assert seed.binding("d1", "i", "s") == by_hand("xexam/1", "draw", "d1", "i", "s").hex()


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "A" * 64, "0" * 64 + "\n", "g" * 64, "０" * 64, "0x" + "0" * 62])
def test_a_seed_is_64_lower_case_hex_characters(text: str) -> None:
    with pytest.raises(seed.BadSeed, match="64 个小写十六进制字符") as raised:
        seed.check(text)
    assert raised.value.exit_status == 2


def test_a_good_seed_is_given_back() -> None:
    assert seed.check("0123456789abcdef" * 4) == "0123456789abcdef" * 4


def test_draws_are_cut_out_of_the_digest_and_then_hashed_one_by_one() -> None:
    lot, name = seed.Lot("5" * 64, "T"), seed.field("K1")
    digest = lot.digest(name)
    assert digest == by_hand("xexam/1", "5" * 64, "T", "K1")
    value = int.from_bytes(digest[8:32], "big")
    for turn in range(4):
        assert lot.number(name, digest, 0, turn, 9) == (value >> 40 * turn) % 2**40
    for turn, left in ((4, 7), (9, 2)):
        again = by_hand("xexam/1", "5" * 64, "T", "K1", "r", "1", str(left))
        assert lot.number(name, digest, 1, turn, left) == int.from_bytes(again[27:], "big")
    assert lot.digest(name + seed.OTHER_TIER) == by_hand("xexam/1", "5" * 64, "T", "K1", "t1")
    assert seed.site_digest("5" * 64, "P1") == by_hand("xexam/1", "5" * 64, "pt", "P1")
