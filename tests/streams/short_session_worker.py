"""`kawal worker`, but the group believes it dead after three seconds: tests that kill it need not wait for ten."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

import streams.worker
from cli.main import main
from streams.app import Membership

run_worker = streams.worker.run_worker


async def run_with_short_session(*arguments: object) -> None:
    member = Membership(session_s=3, heartbeat_s=1, rebalance_s=10, request_s=20)
    await run_worker(*arguments, member)


if __name__ == "__main__":
    streams.worker.run_worker = run_with_short_session
    sys.argv[1:] = ["worker"]
    main()
