"""Parquet files of Amp tables, by name: the columns that tell a file's rows apart."""

import os
import pathlib

# Of real chains, in AMPLOAD_REAL_DATA.
REAL_FILES = {
    "ethereum_blocks": ["block_num"],
    "ethereum_transactions": ["block_num", "tx_index"],
    "ethereum_logs": ["block_num", "log_index"],
    "base_calls": ["block_num", "tx_index", "index"],
    "base_logs": ["block_num", "log_index"],
    "base_transactions": ["block_num", "tx_index"],
    "base4_blocks": ["block_num"],
    "base4_transactions": ["block_num", "tx_index"],
    "base4_logs": ["block_num", "log_index"],
}
# Of a chain that store.make_chain makes.
CHAIN_FILES = {
    "blocks": ["block_num"],
    "transactions": ["block_num", "tx_index"],
    "logs": ["block_num", "log_index"],
}


def real_data(case):
    """The folder of the real files. Without AMPLOAD_REAL_DATA the case is skipped, or fails where CI=true."""
    data = os.environ.get("AMPLOAD_REAL_DATA")
    if not data:
        if os.environ.get("CI") == "true":
            case.fail("AMPLOAD_REAL_DATA is not set: it must name the folder of the real files")
        print("skip: AMPLOAD_REAL_DATA is not set:", case.id())
        case.skipTest("AMPLOAD_REAL_DATA is not set")
    return pathlib.Path(data)
