"""Whether pretrained weights can be downloaded."""

import threading
import urllib.request

from .finding import Finding, State

HOSTS = ('https://download.pytorch.org', 'https://huggingface.co')
SECONDS = 4.0


class Question(threading.Thread):
    """Asks a host whether it is there.

    A thread, since looking a name up knows no time limit.

    Args:
        address: Of its first page.
    """

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.address = address
        self.problem = f'no answer within {SECONDS:g} s'

    def run(self) -> None:
        """Ask; an answer that it may not be read is an answer too."""
        try:
            with urllib.request.urlopen(urllib.request.Request(self.address, method='HEAD'), timeout=SECONDS):
                self.problem = ''
        except urllib.error.HTTPError:
            self.problem = ''
        except (OSError, ValueError) as error:
            self.problem = str(getattr(error, 'reason', error))


def check_network(hosts: tuple[str, ...] = HOSTS, seconds: float = SECONDS) -> list[Finding]:
    """One line for each host that has pretrained weights.

    Args:
        hosts: Addresses.
        seconds: How long all of them together have for an answer.
    """
    questions = [Question(host) for host in hosts]
    for question in questions:
        question.start()
    for question in questions:
        question.join(seconds)
    return [_finding(question.address, question.problem) for question in questions]


def _finding(address: str, problem: str) -> Finding:
    if not problem:
        return Finding(State.OK, 'network', f'{address} answers')
    advice = 'weights must be here already, or given as files (docs/backbones.md); --scratch needs none'
    return Finding(State.NOTE, 'network', f'{address} cannot be reached ({problem})', advice)
