"""Check the pages: every relative link leads somewhere; then render the API reference.

`make docs` writes the reference to docs/_build/index.html.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINK = re.compile(r'\]\((?!https?://|#|mailto:)([^)#\s]+)')
CODE = re.compile(r'^```.*?^```$', re.MULTILINE | re.DOTALL)


def broken_links() -> list[str]:
    """Relative links of all Markdown pages that lead to no file."""
    listed = subprocess.run(['git', 'ls-files', '*.md'], cwd=ROOT, capture_output=True, text=True, check=True)
    pages = [ROOT / name for name in listed.stdout.split()]
    return [
        f'{page.relative_to(ROOT)}: {target}'
        for page in pages
        for target in LINK.findall(CODE.sub('', page.read_text()))
        if not (page.parent / target).exists()
    ]


def main() -> None:
    """Run all checks and render the reference."""
    links = broken_links()
    for link in links:
        print(f'broken link in {link}', file=sys.stderr)
    command = [sys.executable, '-m', 'pdoc', '--docformat', 'google', '--math', '-o', ROOT / 'docs' / '_build', 'ltcl']
    rendered = subprocess.run(command, check=False).returncode == 0
    print(f'{len(links)} broken links; reference in docs/_build/index.html')
    sys.exit(bool(links or not rendered))


if __name__ == '__main__':
    main()
