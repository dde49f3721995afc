"""Personal data: encrypted at rest, found by a keyed index, masked on screens."""

import pytest
from django.db import connection

from kaopei.office import personal
from kaopei.office.personal import (
    EncryptedTextField,
    Unreadable,
    blind_index,
    decrypt,
    encrypt,
    mask_id,
    mask_name,
    mask_phone,
)

NUMBER = "440601199001011237"
pytestmark = pytest.mark.usefixtures("own_data")


def test_text_comes_back():
    for text in ("林秀兰", "", "㛃𠮷𬭎", "x" * 10_000):
        assert decrypt(encrypt(text, "identity"), "identity") == text


def test_two_encryptions_differ():
    assert encrypt(NUMBER, "identity") != encrypt(NUMBER, "identity")


def test_plain_text_is_not_in_the_bytes():
    assert NUMBER.encode() not in encrypt(NUMBER, "identity")


def test_every_changed_byte_is_found():
    data = encrypt(NUMBER, "identity")
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(Unreadable):
            decrypt(changed, "identity")


def test_purposes_do_not_mix():
    with pytest.raises(Unreadable):
        decrypt(encrypt(NUMBER, "identity"), "phone")
    assert blind_index(NUMBER, "identity") != blind_index(NUMBER, "phone")


def test_index_forgets_spelling_only():
    assert blind_index("4406 0119 9001 0112 3x", "identity") == blind_index("４４０６０１１９９００１０１１２３Ｘ", "identity")
    assert blind_index("440601199001011231", "identity") != blind_index("440601199001011232", "identity")


def test_keys_are_private_files(own_data):
    encrypt(NUMBER, "identity")
    (key,) = (own_data / "center" / "fieldkeys").glob("*.key")
    assert key.stat().st_mode & 0o077 == 0
    assert len(key.read_bytes()) == 32


def test_lost_key_is_noticed(own_data):
    data = encrypt(NUMBER, "identity")
    next((own_data / "center" / "fieldkeys").glob("*.key")).unlink()
    personal._read.cache_clear()
    with pytest.raises(Unreadable):
        decrypt(data, "identity")


@pytest.mark.django_db
def test_field_stores_no_plain_text():
    field = EncryptedTextField("identity")
    field.set_attributes_from_name("number")
    stored = field.get_db_prep_save(NUMBER, connection)
    raw = bytes(getattr(stored, "obj", stored))
    assert NUMBER.encode() not in raw
    assert field.from_db_value(raw, None, connection) == NUMBER
    assert field.from_db_value(None, None, connection) is None


def test_field_cannot_be_searched():
    assert EncryptedTextField("identity").get_lookup("exact") is None
    assert EncryptedTextField("identity").get_lookup("isnull") is not None


@pytest.mark.parametrize(("number", "shown"), [(NUMBER, "440601********1237"), ("E12345678", "E*******8"), ("", "")])
def test_number_is_masked(number, shown):
    assert mask_id(number) == shown


@pytest.mark.parametrize(("name", "shown"), [("李", "李"), ("李敏", "李*"), ("陈国强", "陈*强"), ("阿不都·热合曼", "阿*****曼")])
def test_name_is_masked(name, shown):
    assert mask_name(name) == shown


@pytest.mark.parametrize(("phone", "shown"), [("13812345678", "138****5678"), ("83118743", "831*8743"), ("12345", "*****")])
def test_phone_is_masked(phone, shown):
    assert mask_phone(phone) == shown
