"""What holds for every connection before a request is read."""

from __future__ import annotations

import socket

import pytest

from app import serving


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_small_answer_does_not_wait_for_its_head_to_be_confirmed(host: str) -> None:
    """Whatever loop serves it, its body follows the head at once: Nagle's algorithm is off."""
    with serving.listen(host, 0) as listener, socket.create_connection(listener.getsockname()[:2]):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
