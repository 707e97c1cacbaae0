"""Pages driven in a headless browser, where there is one."""

import functools
import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome')
OPTIONS = ('--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--virtual-time-budget=5000')
SECONDS = 120
DARK = '--blink-settings=preferredColorScheme=0'


@functools.cache
def find_browser() -> str | None:
    """Path of a browser that can do without a screen."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def drive(page: str, script: str, folder: Path, *options: str, width: int = 1000) -> dict:
    """What a script finds in a page after it clicked around in it.

    Args:
        page: The page.
        script: JavaScript whose ``return`` gives what is found; ``$`` and ``$$`` find one element and all.
        folder: Where the browser keeps its files.
        *options: Further options of the browser.
        width: Of the window, in pixels.
    """
    browser = find_browser()
    if browser is None:
        pytest.skip(f'no browser: none of {", ".join(NAMES)} is installed')
    extra = f"""<script>
    const $ = (found) => document.querySelector(found), $$ = (found) => [...document.querySelectorAll(found)];
    let found;
    try {{ found = (() => {{ {script} }})(); }} catch (error) {{ found = {{error: String(error)}}; }}
    const place = document.createElement('pre');
    place.id = 'driven';
    place.textContent = JSON.stringify(found);
    document.body.append(place);
    </script></body>"""
    path = folder / 'driven.html'
    path.write_text(page.replace('</body>', extra), encoding='utf-8')
    command = [browser, *OPTIONS, f'--window-size={width},800', f'--user-data-dir={folder / "browser"}', *options]
    done = subprocess.run(
        [*command, '--dump-dom', path.as_uri()], capture_output=True, timeout=SECONDS, check=True, encoding='utf-8'
    )
    text = re.search(r'<pre id="driven">(.*?)</pre>', done.stdout, re.DOTALL)
    assert text, done.stderr
    return json.loads(html.unescape(text[1]))
