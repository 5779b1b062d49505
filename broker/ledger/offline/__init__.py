"""The offline verifier: trusts nothing of the writer and shares no code with it (tests/ledger/test_offline.py).

Reads a ledger file, or an exported package, and the public key that its controller handed out; recomputes every leaf
and every root, checks every checkpoint, every box of sealed parts and every pair of grant and closing, and names the
first entry that differs. Imports the standard library and ``cryptography``, nothing else.
"""

from broker.ledger.offline.notes import Key, Unproved, read_key
from broker.ledger.offline.package import verify_package
from broker.ledger.offline.parts import verify_parts
from broker.ledger.offline.receipt import verify_receipt
from broker.ledger.offline.report import Finding, Report
from broker.ledger.offline.verify import verify

__all__ = [
    "Finding",
    "Key",
    "Report",
    "Unproved",
    "read_key",
    "verify",
    "verify_package",
    "verify_parts",
    "verify_receipt",
]
