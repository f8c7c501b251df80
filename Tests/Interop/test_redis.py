"""Two gateways that meet in Redis: the directory of live calls, events for sockets everywhere, and Redis going away."""

import asyncio
import time

import pytest
from gateway import Gateway, wait_for
from peers import PlainSocket, SocketIO
from redisserver import Redis


@pytest.fixture(scope="module")
def redis():
    running = Redis().start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def nodes(redis):
    settings = {"AUTH_MODE": "required", "JWT_SECRET": "the secret of both nodes", "REDIS_URL": redis.url}
    with Gateway(**settings) as first, Gateway(**settings) as second:
        wait_for(lambda: all(healthy(node) for node in (first, second)), 5, "both nodes to reach Redis")
        yield first, second


def healthy(node):
    return node.request("GET", "/health/detailed").json()["checks"]["redis"]["status"] == "ok"


def degraded(node):
    answer = node.request("GET", "/health/ready")
    assert answer.status_code == 200
    return answer.json().get("degraded", [])


def begin(node, **fields):
    body = {"caller_number": "+79991234567", "receiver_number": "1001", **fields}
    answer = node.request("POST", "/api/calls", login="admin", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def end(node, made):
    answer = node.request("PUT", f"/api/calls/{made['id']}/end", login="admin", json={"duration": 1})
    assert answer.status_code == 200, answer.text


def about(made):
    return lambda payload: made["uuid"] == payload.get("uuid")


def test_live_calls_are_in_the_directory_until_they_end(redis, nodes):
    made = begin(nodes[0])
    known = wait_for(lambda: redis.call(made), 2, "the call's hash")
    assert known["callerNumber"] == "+79991234567" and known["state"] == "initiated" and known["id"] == str(made["id"])
    assert made["uuid"] in redis.live() and 86_000 < int(redis.ask("TTL", f"call:{made['uuid']}")) <= 86_400
    end(nodes[0], made)
    wait_for(lambda: not redis.call(made) and made["uuid"] not in redis.live(), 2, "the call to be gone")


@pytest.mark.parametrize("kind", [PlainSocket, SocketIO])
def test_sockets_of_either_node_are_told_once(nodes, kind):
    async def run():
        async with kind(nodes[0], token=nodes[0].token("admin")) as here, \
                kind(nodes[1], token=nodes[1].token("admin")) as there:
            for socket in (here, there):
                await socket.wait("authenticated")
            made = await asyncio.to_thread(begin, nodes[0])
            for socket in (here, there):
                await socket.wait("call:new", about(made))
            await asyncio.to_thread(end, nodes[0], made)
            for socket in (here, there):
                await socket.wait("call:ended", about(made))
            await asyncio.sleep(0.3)
            for socket in (here, there):
                assert socket.count("call:new", about(made)) == socket.count("call:ended", about(made)) == 1

    asyncio.run(run())


def test_a_call_rings_where_its_user_is_and_nowhere_else(redis, nodes):
    async def run():
        async with PlainSocket(nodes[1], token=nodes[1].token("anna")) as anna, \
                PlainSocket(nodes[0], token=nodes[0].token("petr")) as petr:
            for socket in (anna, petr):
                await socket.wait("active-calls")
            user = nodes[1].login("anna")["user"]["id"]
            wait_for(lambda: any(
                str(user) in redis.ask("SMEMBERS", key).split()
                for key in redis.ask("KEYS", "users:online:*").split()), 3, "anna to be online")
            made = await asyncio.to_thread(begin, nodes[0], assigned_user_id=user)
            await anna.wait("incoming-call", about(made))
            await petr.wait("call:new", about(made))
            assert petr.count("incoming-call", about(made)) == 0
            await asyncio.to_thread(end, nodes[0], made)
            await anna.wait("call:ended", about(made))

    asyncio.run(run())


def test_without_redis_calls_go_on_and_the_directory_is_right_soon_after(redis, nodes):
    node = nodes[0]
    before, over = begin(node), begin(node)
    wait_for(lambda: redis.call(before) and redis.call(over), 2, "both calls")
    redis.stop()
    wait_for(lambda: degraded(node) == ["redis"], 5, "the node to see it")
    assert node.request("GET", "/health/detailed").status_code == 503
    assert node.metric("redis_connected") == 0
    began = time.monotonic()
    during = begin(node)
    end(node, over)
    assert time.monotonic() - began < 1, "calls do not wait"
    redis.start()
    restarted = time.monotonic()
    wait_for(lambda: redis.live() == {before["uuid"], during["uuid"]}, 5, "the directory to be right")
    assert time.monotonic() - restarted < 5 and redis.call(during)["state"] == "initiated"
    assert not redis.call(over)
    wait_for(lambda: not degraded(node), 2)

    async def run():
        async with PlainSocket(nodes[1], token=nodes[1].token("admin")) as there:
            await there.wait("authenticated")
            for _ in range(50):
                made = await asyncio.to_thread(begin, node)
                await asyncio.to_thread(end, node, made)
                await asyncio.sleep(0.1)
                if there.count("call:ended", about(made)):
                    return
            raise AssertionError("the other node hears nothing any more")

    asyncio.run(run())
    for made in (before, during):
        end(node, made)


@pytest.mark.parametrize("url", ["rediss://127.0.0.1", "http://127.0.0.1", "redis://127.0.0.1:x"])
def test_another_address_ends_the_start(url):
    gateway = Gateway(REDIS_URL=url)
    try:
        ended = gateway.run("serve")
        assert ended.returncode == 78 and "REDIS_URL" in ended.stderr, ended.stderr
        assert url not in ended.stderr, "it may hold a password"
    finally:
        gateway.remove_folder()
