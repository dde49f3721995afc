"""The release secret in shares, and shares as digits that are read out over the phone."""

import itertools
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaopei.parcel import shares, suites
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.shares import Share

SUITE = suites.named("intl")
SHARES = st.builds(Share, st.integers(0, 3), st.binary(min_size=16, max_size=16))


@pytest.mark.slow
@given(st.binary(min_size=16, max_size=16))
def test_any_two_shares_give_the_secret_back(secret):
    for first, second in itertools.permutations(shares.split(secret), 2):
        assert shares.combine(first, second) == secret


def test_one_share_says_nothing_of_the_secret():
    """Two splittings of one secret have no share in common; a share of one with a share of the other gives something else."""
    secret = secrets.token_bytes(16)
    one, two = shares.split(secret), shares.split(secret)
    assert not set(one) & set(two)
    assert shares.combine(one[0], two[1]) != secret


@pytest.mark.parametrize("pair", [(1, 1), (0, 1), (2, 4), (9, 1)])
def test_a_share_twice_or_of_no_holder_is_refused(pair):
    with pytest.raises(Rejected, match="两份不同"):
        shares.combine(*(Share(x, bytes(16)) for x in pair))


@given(SHARES)
def test_digits_come_back(share):
    groups = shares.to_digits(share)
    assert [len(group) for group in groups] == [6] * 10
    assert shares.from_digits(groups) == share


@given(SHARES, st.data())
def test_a_misheard_digit_is_found_in_its_group(share, chance):
    groups = shares.to_digits(share)
    place, at = chance.draw(st.integers(0, 9)), chance.draw(st.integers(0, 5))
    digit = chance.draw(st.sampled_from("0123456789").filter(lambda one: one != groups[place][at]))
    groups[place] = groups[place][:at] + digit + groups[place][at + 1 :]
    with pytest.raises(Rejected, match=f"第 {place + 1} 组"):
        shares.from_digits(groups)


@given(SHARES, st.data())
def test_swapped_digits_and_swapped_groups_are_found(share, chance):
    groups = shares.to_digits(share)
    place, at = chance.draw(st.integers(0, 9)), chance.draw(st.integers(0, 4))
    group = groups[place]
    swapped = group[:at] + group[at + 1] + group[at] + group[at + 2 :]
    if swapped != group:
        with pytest.raises(Rejected):
            shares.from_digits([*groups[:place], swapped, *groups[place + 1 :]])
    first, second = chance.draw(st.permutations(range(10)))[:2]
    moved = list(groups)
    moved[first], moved[second] = moved[second], moved[first]
    with pytest.raises(Rejected):
        shares.from_digits(moved)


@pytest.mark.parametrize("count", [0, 9, 11])
def test_too_few_or_too_many_groups_are_counted(count):
    with pytest.raises(Rejected, match=f"现有 {count} 组"):
        shares.from_digits((shares.to_digits(Share(1, bytes(16))) * 2)[:count])


@pytest.mark.parametrize("group", ["", "12", "１２３４56", "12345x", "abcd12", "1234567"])
def test_what_is_no_group_is_refused(group):
    groups = shares.to_digits(Share(1, bytes(16)))
    with pytest.raises(Rejected, match="第 4 组"):
        shares.from_digits([*groups[:3], group, *groups[4:]])


def test_a_number_beyond_the_field_is_refused():
    number = f"1{2**128:039d}"
    groups = [shares._group(place + 1, number[4 * place : 4 * place + 4]) for place in range(10)]
    with pytest.raises(Rejected, match="超出范围"):
        shares.from_digits(groups)


@given(st.from_regex(r"[0-9]{12}", fullmatch=True), st.data())
def test_a_challenge_survives_the_phone_or_is_found_wrong(twelve, chance):
    text = shares.challenge(twelve)
    assert shares.check_challenge(text) == text
    at = chance.draw(st.integers(0, len(text) - 1))
    letter = chance.draw(st.sampled_from("0123456789-x").filter(lambda one: one != text[at]))
    with pytest.raises(Rejected, match="考点口令"):
        shares.check_challenge(text[:at] + letter + text[at + 1 :])


@pytest.mark.parametrize("text", ["", "-", "--", "123456", "123456-123456"])
def test_what_is_no_challenge_is_refused(text):
    with pytest.raises(Rejected):
        shares.check_challenge(text)


def test_a_commitment_binds_package_stage_number_and_value():
    base = shares.commitment(SUITE, "P", 1, Share(1, bytes(16)))
    others = [("Q", 1, Share(1, bytes(16))), ("P", 2, Share(1, bytes(16))), ("P", 1, Share(2, bytes(16))), ("P", 1, Share(1, b"\1" * 16))]
    assert base not in {shares.commitment(SUITE, *other) for other in others}
