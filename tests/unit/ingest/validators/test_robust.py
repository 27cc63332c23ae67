"""Whatever is torn out of a METS or a bag, the rules answer with findings and never fall over."""

import random

import pytest
from lxml import etree

from tests.unit.ingest.validators import sip


def torn(seed: int) -> str:
    """Return the METS with a few elements and attributes removed, doubled, emptied or swapped, by a seed."""
    chance = random.Random(seed)
    root = etree.fromstring(sip.mets().encode())
    for _ in range(chance.randint(1, 6)):
        one = chance.choice(list(root.iter(etree.Element)))
        parent = one.getparent()
        act = chance.randint(0, 5)
        if act == 0 and parent is not None:
            parent.remove(one)
        elif act == 1 and parent is not None:
            parent.append(etree.fromstring(etree.tostring(one)))
        elif act == 2 and one.attrib:
            del one.attrib[chance.choice(list(one.attrib))]
        elif act == 3 and one.attrib:
            one.set(
                chance.choice(list(one.attrib)),
                chance.choice(["", " ", "x", "å/..", "#", "1", "id-ead id-ead"]),
            )
        elif act == 4 and parent is not None and parent is not root:
            chance.choice([other for other in root if other not in one.iterancestors()] or [root]).append(one)
        else:
            one.text = None
    return etree.tostring(root, encoding="unicode")


@pytest.mark.parametrize("block", range(4))
def test_torn_mets_files_give_findings_and_no_crash(tmp_path, block):
    folder = sip.make(tmp_path)
    for seed in range(block * 50, block * 50 + 50):
        (folder / "METS.xml").write_text(torn(seed), encoding="utf-8")
        assert all(one.message.sv for one in sip.check(folder))


def test_mets_cut_at_any_place_is_told(tmp_path):
    folder = sip.make(tmp_path)
    whole = sip.mets().encode()
    for at in range(0, len(whole) - 10, 97):
        (folder / "METS.xml").write_bytes(whole[:at])
        assert "SAM-XML-SYNTAX" in sip.codes(folder, "ERROR"), at
