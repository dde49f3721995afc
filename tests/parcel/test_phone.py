"""A share by telephone: for one machine and one challenge, nothing for a listener, every misheard group named."""

import random

import pytest

from kaopei.parcel import phone, suites
from kaopei.parcel.phone import About
from kaopei.parcel.rejected import Rejected
from kaopei.parcel.shares import Share

SUITE = suites.named("intl")
SERVICE, EDGE, OTHER = (SUITE.generate_decrypt() for _ in range(3))
ABOUT = About("0190aaaa-0000-7000-8000-000000000001", "ab" * 32, 1, "000397-000492-000587", "AB", 17)
NOW = 1_796_000_000
SHARE = Share(2, bytes(range(16)))


def agreed(key, other):
    return SUITE.agree(key, SUITE.public(other))


def groups(share=SHARE, about=ABOUT, at=NOW):
    return phone.make(SUITE, agreed(SERVICE, EDGE), about, share, at)


def take(said, about=ABOUT, now=NOW, key=EDGE):
    return phone.take(SUITE, agreed(key, SERVICE), said, about, now)


@pytest.mark.parametrize("share", [SHARE, Share(3, b"\xff" * 16), Share(1, b"\0" * 16)])
def test_share_and_minute_come_back(share):
    said = groups(share)
    assert (len(said), {len(one) for one in said}) == (16, {6})
    assert take(said) == (share, NOW // 60 * 60)


@pytest.mark.parametrize("drift", [-3 * 86_400, -600, 600, 3 * 86_400])
def test_minute_is_that_of_issue_whatever_the_clock_of_the_site_says(drift):
    assert take(groups(), now=NOW + drift)[1] == NOW // 60 * 60


def test_a_clock_that_is_a_week_off_is_found():
    with pytest.raises(Rejected, match="时钟"):
        take(groups(), now=NOW + 7 * 86_400)


@pytest.mark.parametrize(
    "changed",
    [{"package_id": "0190aaaa-0000-7000-8000-000000000002"}, {"manifest_hash": "cd" * 32}, {"stage": 2}, {"challenge": "000494-000589-000684"},
     {"path": "AC"}, {"log_seq": 18}],
)  # fmt: skip
def test_groups_are_for_this_paper_challenge_and_number_only(changed):
    with pytest.raises(Rejected, match="不是给本机"):
        take(groups(), ABOUT._replace(**changed))


def test_another_machine_has_nothing_from_them():
    with pytest.raises(Rejected, match="不是给本机"):
        take(groups(), key=OTHER)


def test_every_misheard_digit_and_swapped_group_is_named_or_refused():
    said, chance = groups(), random.Random(5)
    for place in range(16):
        for at in range(6):
            digit = str((int(said[place][at]) + chance.randrange(1, 10)) % 10)
            heard = [*said[:place], said[place][:at] + digit + said[place][at + 1 :], *said[place + 1 :]]
            with pytest.raises(Rejected, match=f"第 {place + 1} 组"):
                take(heard)
    with pytest.raises(Rejected, match="第 1 组"):
        take([said[1], said[0], *said[2:]])
    with pytest.raises(Rejected, match="应有 16 组"):
        take(said[:15])


def test_groups_made_up_without_the_key_are_never_believed():
    chance, refused = random.Random(6), 0
    from kaopei.parcel import shares

    for _ in range(400):
        made_up = shares.grouped("".join(str(chance.randrange(10)) for _ in range(64)))
        with pytest.raises(Rejected):
            take(made_up)
        refused += 1
    # A value that no sixteen bytes have.
    with pytest.raises(Rejected, match="不是给本机"):
        take(shares.grouped("2" + "9" * 39 + "0" * 24))
    assert refused == 400


def test_a_listener_sees_nothing_of_the_share():
    """The same share under two challenges: no group in common beyond chance, and x itself is hidden."""
    first, second = groups(), groups(about=ABOUT._replace(challenge="000494-000589-000684"))
    assert sum(one == other for one, other in zip(first, second, strict=True)) <= 2
    firsts = {groups(about=ABOUT._replace(challenge=f"{n:06d}-000492-000587"))[0][0] for n in range(60)}
    assert len(firsts) > 3
