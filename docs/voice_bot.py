"""A voice bot in 50 lines: Tandem streams a call to it; it hums for two seconds, stops at a `#`, and tells
what it hears. Tandem must have been started with STREAM_HOSTS=localhost.

    pip install websockets
    python3 voice_bot.py 8765
    curl -X POST localhost:3000/api/v1/calls/ID/streams -H "Authorization: Bearer $TOKEN" \\
      -H 'Content-Type: application/json' -d '{"url": "ws://localhost:8765/", "tracks": "caller"}'
"""

import array
import asyncio
import json
import math
import sys

from websockets.asyncio.server import serve


def little_endian(samples):
    """Samples between the network's order of bytes and this machine's; either way."""
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def hum(rate, seconds, hertz=1000):
    """A tone as 16-bit samples; a real bot has a speech synthesizer here."""
    return array.array("h", (int(8000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(int(rate * seconds))))


async def talk(socket):
    heard = {0: 0, 1: 0}
    async for message in socket:
        if isinstance(message, bytes):
            # 20 ms of the caller (0) or the called (1).
            track, samples = message[0], little_endian(array.array("h", message[1:]))
            heard[track] += 1
            if heard[track] % 50 == 0:
                loudness = max(abs(sample) for sample in samples)
                print(json.dumps({"track": track, "seconds": heard[track] // 50, "peak": loudness}), flush=True)
        else:
            event = json.loads(message)
            print(json.dumps(event), flush=True)
            if event["event"] == "start":
                await socket.send(little_endian(hum(event["sampleRate"], 2)).tobytes())
                await socket.send(json.dumps({"event": "mark", "name": "hummed"}))
            elif event["event"] == "dtmf" and event["digit"] == "#":
                await socket.send(json.dumps({"event": "clear"}))


async def main(port):
    async with serve(talk, "127.0.0.1", port) as server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
