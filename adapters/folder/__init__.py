"""A folder as recorder and as plate store: the embedded default and the demonstration."""

from adapters.folder.search import FolderTransits
from adapters.folder.source import FolderSource

__all__ = ["FolderSource", "FolderTransits"]
