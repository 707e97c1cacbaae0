"""A download is the file of its whole URL, whole and with the right hash, and is read as data."""

import errno
import hashlib
import http.server
import multiprocessing
import socket
import threading
import time
from types import SimpleNamespace

import pytest
import torch
from hostile import in_checkpoint, in_zip, touch
from locks import take_locks_away
from mmengine.runner.checkpoint import CheckpointLoader

from ltcl.checkpoints import downloads
from ltcl.checkpoints.downloads import download, file_name, wanted_hash
from ltcl.checkpoints.schemes import install_safe_loaders
from ltcl.errors import UserError


@pytest.fixture(autouse=True)
def safe_loaders():
    install_safe_loaders()


def checkpoint_bytes(value: float, path) -> bytes:
    torch.save({'state_dict': {'w': torch.full((8,), value)}}, path)
    return path.read_bytes()


class Server(http.server.ThreadingHTTPServer):
    """Serves ``files`` by path; counts requests; cuts the paths in ``broken`` short."""

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.files: dict[str, bytes] = {}
        self.broken: set[str] = set()
        self.requests: list[str] = []

    def url(self, path: str) -> str:
        return f'http://127.0.0.1:{self.server_port}{path}'


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.path in self.server.broken else content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(torch.hub, '_hub_dir', str(tmp_path / 'hub'))
    monkeypatch.setenv('no_proxy', '127.0.0.1')


def test_two_urls_with_one_file_name_are_two_files(server, tmp_path):
    for value, folder in enumerate(('a', 'b')):
        server.files[f'/{folder}/model.pth'] = checkpoint_bytes(value, tmp_path / 'made.pth')
    for _ in range(2):
        for value, url in enumerate((server.url('/a/model.pth'), server.url('/b/model.pth'))):
            weights = CheckpointLoader.load_checkpoint(url, 'cpu', logger='silent')['state_dict']['w']
            assert torch.equal(weights, torch.full((8,), float(value)))
    assert server.requests == ['/a/model.pth', '/b/model.pth'], 'each one is downloaded once'


def test_queries_are_part_of_a_url(server):
    server.files.update({'/model.pth?version=1': b'first', '/model.pth?version=2': b'second'})
    contents = [download(server.url(f'/model.pth?version={version}')).read_bytes() for version in (1, 2)]
    assert contents == [b'first', b'second']


@pytest.mark.parametrize('length', [8, 64])
def test_hash_of_the_config_is_compared(server, length):
    server.files['/model.pth'] = b'weights'
    right = hashlib.sha256(b'weights').hexdigest()[:length]
    with pytest.raises(UserError, match=r'model\.pth brought another file: .*SHA-256.*00000000'):
        download(server.url('/model.pth#sha256=00000000'))
    assert download(server.url(f'/model.pth#sha256={right}')).read_bytes() == b'weights'
    with pytest.raises(UserError, match=r'#md5=1 .*is no hash'):
        download(server.url('/model.pth#md5=1'))


def test_hash_of_the_name_is_compared(server):
    right = hashlib.sha256(b'weights').hexdigest()[:8]
    server.files.update({f'/resnet-{right}.pth': b'weights', '/resnet-0123abcd.pth': b'weights'})
    assert download(server.url(f'/resnet-{right}.pth')).read_bytes() == b'weights'
    with pytest.raises(UserError, match='begin with 0123abcd'):
        download(server.url('/resnet-0123abcd.pth'))
    # What the config says comes before what the name seems to say.
    assert download(server.url(f'/resnet-0123abcd.pth#sha256={right}')).read_bytes() == b'weights'


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('resnet50-0676ba61.pth', '0676ba61'),
        ('deit_base_20220216-db63c16c.pth', 'db63c16c'),
        ('model-20220216.pth', ''),
        ('checkpoint-00020000.pth', ''),
        ('model-v2.pth', ''),
        ('resnet50-0676ba61.pth.tar', '0676ba61'),
    ],
)
def test_which_part_of_a_name_is_a_hash(name, expected):
    assert wanted_hash(name) == expected


def test_a_file_in_the_cache_that_was_damaged_is_fetched_anew(server):
    right = hashlib.sha256(b'weights').hexdigest()[:8]
    server.files[f'/resnet-{right}.pth'] = b'weights'
    path = download(server.url(f'/resnet-{right}.pth'))
    path.write_bytes(b'weighty')
    assert download(server.url(f'/resnet-{right}.pth')).read_bytes() == b'weights'


def test_a_copy_of_torch_hub_is_taken_if_its_hash_is_right(server, tmp_path):
    right = hashlib.sha256(b'weights').hexdigest()[:8]
    folder = tmp_path / 'hub' / 'checkpoints'
    folder.mkdir(parents=True)
    for name in (f'resnet-{right}.pth', 'other.pth', 'wrong-01234567.pth'):
        (folder / name).write_bytes(b'weights')
    assert download(server.url(f'/resnet-{right}.pth')) == folder / f'resnet-{right}.pth'
    for name in ('other.pth', 'wrong-01234567.pth'):
        with pytest.raises(UserError, match='HTTP 404'):
            download(server.url(f'/{name}'))


@pytest.fixture
def silent(monkeypatch):
    """Address of a server that takes connections and says nothing; hosts are remembered for the test alone."""
    monkeypatch.setattr(downloads, 'UNREACHED', {})
    monkeypatch.setattr(downloads, 'LONG', 0.1)
    with socket.create_server(('127.0.0.1', 0)) as listening:
        yield f'http://127.0.0.1:{listening.getsockname()[1]}/weights.pth'


def test_a_host_that_does_not_answer_is_waited_for_once(silent, monkeypatch):
    start = time.monotonic()
    with pytest.raises(UserError, match=r'cannot be downloaded \(no answer within 0.2 seconds\)'):
        download(silent, patience=0.2)
    assert time.monotonic() - start < 5
    with pytest.raises(UserError, match=r'another\.pth cannot be downloaded \(no answer within 0.2 seconds\)'):
        download(silent.replace('weights', 'another'), patience=60)  # a minute, were it asked
    assert time.monotonic() - start < 5
    monkeypatch.setattr(downloads, 'MEMORY', 0)
    with pytest.raises(UserError, match=r'no answer within 0.3 seconds'):
        download(silent, patience=0.3)


def test_an_answer_of_a_host_is_no_silence(server, monkeypatch):
    monkeypatch.setattr(downloads, 'LONG', 0)
    with pytest.raises(UserError, match='HTTP 404'):
        download(server.url('/a.pth'))
    server.files['/a.pth'] = b'there now'
    assert download(server.url('/a.pth')).read_bytes() == b'there now'


def test_half_a_download_is_not_taken_for_the_file(server, tmp_path):
    server.files['/model.pth'] = bytes(3_000_000)
    server.broken = {'/model.pth'}
    with pytest.raises(UserError, match=r'broke off after 1500000 of 3000000 bytes: start again'):
        download(server.url('/model.pth'))
    left = [path.name for path in (tmp_path / 'cache').rglob('*') if path.is_file()]
    assert left == ['model.pth.lock']
    server.broken = set()
    assert len(download(server.url('/model.pth')).read_bytes()) == 3_000_000


def test_what_a_killed_process_left_is_cleaned(server):
    server.files['/model.pth'] = b'weights'
    path = download(server.url('/model.pth'))
    (path.parent / '.a1b2.partial').write_bytes(b'weig')
    path.unlink()
    assert download(server.url('/model.pth')).read_bytes() == b'weights'
    assert sorted(each.name for each in path.parent.iterdir()) == ['model.pth', 'model.pth.lock']


@pytest.mark.parametrize(
    ('url', 'reason'),
    [
        ('/none.pth', r'HTTP 404'),
        ('http://127.0.0.1:9/model.pth', r'refused'),
        ('http://no-such-host.invalid/model.pth', r'cannot be downloaded \(.+\)'),
        ('http://[bad/model.pth', r'cannot be downloaded|Invalid'),
        ('http://127.0.0.1:port/model.pth', r'port'),
    ],
)
def test_errors_are_one_line(server, url, reason):
    with pytest.raises(UserError, match=reason) as error:
        download(server.url(url) if url.startswith('/') else url)
    assert '\n' not in str(error.value)
    assert 'give its path' in str(error.value)


def test_a_cache_that_cannot_be_written_to(server, tmp_path, monkeypatch):
    (tmp_path / 'file').write_text('')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'file'))
    server.files['/model.pth'] = b'weights'
    with pytest.raises(UserError, match=r'cannot be downloaded \(.*Not a directory'):
        download(server.url('/model.pth'))


@pytest.mark.parametrize('number', [errno.ENOSYS, errno.ENOLCK])
def test_without_file_locks_it_downloads_all_the_same(server, monkeypatch, number):
    take_locks_away(monkeypatch, number)
    server.files['/model.pth'] = b'weights'
    assert download(server.url('/model.pth')).read_bytes() == b'weights'


def fetch(url: str) -> bytes:
    return download(url).read_bytes()


def test_of_several_processes_one_downloads(server):
    server.files['/model.pth'] = bytes(5_000_000)
    with multiprocessing.get_context('fork').Pool(3) as pool:
        contents = pool.map(fetch, [server.url('/model.pth')] * 6)
    assert set(map(len, contents)) == {5_000_000}
    assert server.requests == ['/model.pth']


@pytest.mark.parametrize(
    ('url', 'name'),
    [
        ('http://host/a/model.pth?x=1', 'model.pth'),
        ('http://host/', 'checkpoint'),
        ('http://host/..', 'checkpoint'),
        ('http://host/%2e%2e%2fpasswd', 'passwd'),
        ('http://host/a%00b;c.pth', 'a_b_c.pth'),
        ('http://host/' + 'x' * 300 + '.pth', 'x' * 96 + '.pth'),
    ],
)
def test_names_stay_in_their_folder(url, name):
    assert file_name(url) == name


def test_names_of_lists(server, tmp_path, monkeypatch):
    server.files['/encoder.pth'] = checkpoint_bytes(2, tmp_path / 'made.pth')
    lists = dict(known=server.url('/encoder.pth'))
    for listed in ('get_torchvision_models', 'get_external_models'):
        monkeypatch.setattr(f'mmengine.runner.checkpoint.{listed}', lambda: dict(lists))
    for scheme in ('torchvision', 'open-mmlab', 'openmmlab'):
        read = CheckpointLoader.load_checkpoint(f'{scheme}://known', 'cpu', logger='silent')
        assert read['state_dict']['w'][0] == 2
        with pytest.raises(UserError, match=f'{scheme}:// has no checkpoint named knows: did you mean known'):
            CheckpointLoader.load_checkpoint(f'{scheme}://knows', 'cpu', logger='silent')
    assert server.requests == ['/encoder.pth']


def test_what_is_downloaded_is_data(server, tmp_path):
    marker = tmp_path / 'code_was_run'
    server.files['/model.pth'] = in_zip(in_checkpoint(touch(str(marker))))
    with pytest.raises(UserError, match=r'downloads/.*model\.pth is refused: .* carries exec'):
        CheckpointLoader.load_checkpoint(server.url('/model.pth'), 'cpu', logger='silent')
    assert not marker.exists()


def test_object_stores(tmp_path, monkeypatch):
    marker, contents = tmp_path / 'code_was_run', {}
    contents['s3://bucket/good.pth'] = checkpoint_bytes(3, tmp_path / 'made.pth')
    contents['s3://bucket/bad.pth'] = in_zip(in_checkpoint(touch(str(marker))))
    backend = SimpleNamespace(get=contents.__getitem__)
    monkeypatch.setattr('ltcl.checkpoints.schemes.get_file_backend', lambda name: backend)
    read = CheckpointLoader.load_checkpoint('s3://bucket/good.pth', 'cpu', logger='silent')
    assert read['state_dict']['w'][0] == 3
    with pytest.raises(UserError, match=r's3://bucket/bad\.pth is refused'):
        CheckpointLoader.load_checkpoint('s3://bucket/bad.pth', 'cpu', logger='silent')
    assert not marker.exists()
