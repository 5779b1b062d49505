"""The installation's tables: logins, cases, machine tokens, what was used once. Never the ledger or documents."""

from broker.storage.store import Store, open_store

__all__ = ["Store", "open_store"]
