"""RFC 6962: published vectors, and every proof of every small tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kaopei.ledger import tree

# Leaves and roots of the certificate-transparency reference tests.
LEAVES = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [tree.leaf_hash(leaf) for leaf in LEAVES]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference(size):
    assert tree.root(HASHES[:size]).hex() == ROOTS[size - 1]


def test_empty_tree():
    assert tree.root([]) == tree.EMPTY


@given(some.integers(1, 70), some.data())
def test_inclusion_holds_for_this_leaf_only(size, data):
    hashes = [tree.leaf_hash(bytes([n])) for n in range(size)]
    index = data.draw(some.integers(0, size - 1))
    proof = tree.inclusion_proof(hashes, index)
    root = tree.root(hashes)
    assert tree.verify_inclusion(hashes[index], index, size, proof, root)
    assert not tree.verify_inclusion(tree.leaf_hash(b"other"), index, size, proof, root)
    assert not tree.verify_inclusion(hashes[index], index, size, [*proof, root], root)
    assert not tree.verify_inclusion(hashes[index], size, size, proof, root)
    for other in range(size):
        if other != index:
            assert not tree.verify_inclusion(hashes[index], other, size, proof, root)


@given(some.integers(1, 70), some.data())
def test_consistency_holds_for_this_history_only(size, data):
    hashes = [tree.leaf_hash(bytes([n])) for n in range(size)]
    old = data.draw(some.integers(1, size))
    proof = tree.consistency_proof(hashes, old)
    old_root, root = tree.root(hashes[:old]), tree.root(hashes)
    assert tree.verify_consistency(old, size, old_root, root, proof)
    changed = tree.root([tree.leaf_hash(b"x"), *hashes[1:old]])
    assert not tree.verify_consistency(old, size, changed, root, proof)
    assert not tree.verify_consistency(old, size, old_root, changed if old == size else tree.EMPTY, proof)
    assert not tree.verify_consistency(0, size, old_root, root, proof)
    if old < size:
        assert not tree.verify_consistency(old, size, old_root, root, [])
        assert not tree.verify_consistency(old, size, old_root, root, [*proof, root])


def test_proofs_of_what_is_not_there_are_refused():
    with pytest.raises(ValueError, match="no leaf"):
        tree.inclusion_proof(HASHES, 8)
    with pytest.raises(ValueError, match="no older"):
        tree.consistency_proof(HASHES, 0)


def test_a_copied_frontier_grows_on_its_own():
    one = tree.Frontier(HASHES[:3])
    two = one.copy()
    two.append(HASHES[3])
    assert (one.size, two.size) == (3, 4)
    assert one.root().hex() == ROOTS[2]
    assert two.root().hex() == ROOTS[3]
