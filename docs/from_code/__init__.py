"""What the site says that stands elsewhere already: in code, configs, metafiles, docstrings and the README."""
