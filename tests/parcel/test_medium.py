"""A file as a row of QR texts: any order, any repetition, no loss and no mixture."""

import random
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaopei.parcel import medium
from kaopei.parcel.rejected import Rejected


@given(st.binary(max_size=4000), st.randoms())
def test_frames_in_any_order_and_often_give_the_file_back(data, chance):
    texts = medium.frames(data)
    shown = texts + chance.choices(texts, k=3)
    chance.shuffle(shown)
    assert medium.join(shown) == data
    assert all(len(text) <= medium.LENGTH + 40 for text in texts)


def test_a_missing_frame_is_named():
    texts = medium.frames(secrets.token_bytes(5000))
    with pytest.raises(Rejected, match=rf"还缺第 3 幅二维码，共 {len(texts)} 幅"):
        medium.join(texts[:2] + texts[3:])


def test_frames_of_two_files_are_not_mixed():
    one, two = (medium.frames(secrets.token_bytes(2000)) for _ in range(2))
    with pytest.raises(Rejected, match="不属于同一份文件"):
        medium.join([one[0], two[1]])


def test_nothing_scanned_yet_is_said():
    with pytest.raises(Rejected, match="还没有扫到"):
        medium.join([])


@pytest.mark.parametrize(
    "text", ["", "KP1:a.b.c", "KPQ1:x:1/1", "KPQ2:00:1/1:", "KPQ1:00:a/1:", "KPQ1:00:1/:", "KPQ1:00:１/1:", "KPQ1:00:100/1:", "KPQ1:a:1/1:x:y", "https://x"]
)
def test_other_codes_are_refused(text):
    with pytest.raises(Rejected, match="不是本系统的分幅二维码"):
        medium.join([text])


def test_a_misread_letter_is_found():
    [text] = medium.frames(b"some share of a secret")
    chance = random.Random(2)
    for at in range(len(text)):
        letter = chance.choice([one for one in "AbC9-_:/" if one != text[at]])
        with pytest.raises(Rejected):
            medium.join([text[:at] + letter + text[at + 1 :]])


def test_a_number_beyond_the_count_is_refused():
    [text] = medium.frames(b"x")
    head, mark, _, piece = text.split(":")
    with pytest.raises(Rejected, match="幅数不对"):
        medium.join([text, f"{head}:{mark}:2/1:{piece}"])


def test_what_is_too_large_goes_by_stick():
    most = medium.MOST * medium.LENGTH * 3 // 4
    assert len(medium.frames(bytes(most))) == medium.MOST
    with pytest.raises(Rejected, match="U 盘"):
        medium.frames(bytes(most + 10))


def test_an_empty_file_is_one_frame():
    assert medium.join(medium.frames(b"")) == b""
