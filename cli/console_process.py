"""A console of one's own: `kawal console` as a child process with people of its own, for the demo."""

from __future__ import annotations

import asyncio
import re

from cli.child_process import POLL_S, ChildProcess
from cli.worker_process import topic_environment
from deploy.kafka.ports import free_port, is_free
from models.settings import Settings
from models.topics import TopicSet

FIRST_LINK = re.compile(r"http://127\.0\.0\.1:\d+/#first=\S+")


class ConsoleProcess(ChildProcess):
    """`kawal console` for one topic set; its users end with it."""

    def __init__(self, broker: str, topics: TopicSet) -> None:
        super().__init__("console", topic_environment(broker, topics))
        usual = Settings.model_fields["console_port"].default
        self._environment = {
            **self._environment,
            "KAWAL_CONSOLE_DIR": str(self.folder / "people"),
            "KAWAL_CONSOLE_BIND": "127.0.0.1",
            "KAWAL_CONSOLE_PORT": str(usual if is_free(usual) else free_port()),
            "KAWAL_CONSOLE_METRICS_PORT": "0",
            "KAWAL_CONSOLE_DEMO": "1",
        }

    async def link(self) -> str:
        """Wait until it is served, and give the link that signs in."""
        while (found := FIRST_LINK.search(self.log())) is None:  # noqa: ASYNC110 (another process tells no event)
            await asyncio.sleep(POLL_S)
        return found[0]
