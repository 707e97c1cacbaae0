"""Every link of a page leads to a file, and to a heading of it."""

import re
from functools import cache
from pathlib import Path

import pytest
from pages import ROOT, pages, without_code

LINK = re.compile(r'\]\((?!https?://|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)')


@cache
def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page, as GitHub and the site make them."""
    headings = re.findall(r'^#+ (.+)$', without_code(page.read_text(encoding='utf-8')), re.MULTILINE)
    plain = (re.sub(r'\[([^\]]*)\]\([^)]*\)', r'\1', heading).lower() for heading in headings)
    return {re.sub(r'[^\w\- ]', '', heading).strip().replace(' ', '-') for heading in plain}


def broken(page: Path) -> list[str]:
    """Links of a page that lead nowhere."""
    found = []
    for name, anchor in LINK.findall(without_code(page.read_text(encoding='utf-8'))):
        target = (page.parent / name).resolve() if name else page
        built = target.parent in (ROOT / 'docs' / 'api', ROOT / 'docs' / 'methods')
        if not built and (not target.exists() or (anchor and anchor not in anchors(target))):
            found.append(f'{name}#{anchor}' if anchor else name)
    return found


@pytest.mark.parametrize('page', pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    assert broken(page) == []


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / 'other.md').write_text('# A heading: of `words`\n')
    page = tmp_path / 'page.md'
    page.write_text('[a](other.md#a-heading-of-words) [b](other.md#another) [c](gone.md)\n\n```\n[d](x.md)\n```\n')
    assert broken(page) == ['other.md#another', 'gone.md']
