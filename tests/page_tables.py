"""The table of the classes, read off the page of a run."""

import html
import re


def table_of(page: str) -> list[list[str]]:
    """Texts of the cells of the table of classes."""
    body = page[page.index('<table id="table">') :].partition('<tbody>')[2].partition('</tbody>')[0]
    rows = [re.findall(r'<t[hd][^>]*>(.*?)</t[hd]>', row) for row in body.split('<tr>')[1:]]
    return [[html.unescape(re.sub('<[^>]+>', '', cell)) for cell in row] for row in rows]
