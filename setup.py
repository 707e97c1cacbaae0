"""Packaging of ltcl. Upper bounds are the next minor releases: registries and loops are part of our surface."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
version: dict[str, str] = {}
exec((HERE / 'ltcl' / 'version.py').read_text(), version)

setup(
    name='ltcl',
    version=version['__version__'],
    description='Long-tailed contrastive learning on PyTorch and OpenMMLab',
    long_description=(HERE / 'README.md').read_text(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    packages=find_packages(include=['ltcl', 'ltcl.*']),
    python_requires='>=3.10,<3.14',
    install_requires=[
        'torch>=2.6',
        'torchvision>=0.21',
        # The maintained distributions of OpenMMLab's packages; the import names are mmengine, mmcv, mmpretrain, mmseg.
        'onedl-mmengine>=0.10.12,<0.11',
        'onedl-mmcv>=2.3.6,<2.4',
        'onedl-mmpretrain>=1.3.6,<1.4',
        'onedl-mmsegmentation>=1.4.2,<1.5',
        'filelock>=3.12',
        'matplotlib>=3.10',  # the first whose legends show names that begin with an underscore
        # mmsegmentation needs a NumPy above 2, pandas and SciPy the first version that runs on it.
        'numpy>=2.0.1',
        'pandas>=2.2.2',
        'rich>=13',
        'scipy>=1.13',
    ],
    extras_require={
        'dev': [
            'codespell',
            'hypothesis>=6',
            'mypy>=1.18',
            'pdoc',
            'pre-commit',
            'pytest>=8',
            'pytest-xdist',
            'ruff>=0.6',
            'scikit-learn',
        ],
    },
)
