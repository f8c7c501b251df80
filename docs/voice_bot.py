"""A voice bot in 40 lines: Tandem streams a call to it; it hums until somebody speaks up, and tells what it hears.

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


def hum(rate, seconds, hertz=1000):
    """A tone as 16-bit samples, little-endian; a real bot has a speech synthesizer here."""
    return array.array("h", (int(8000 * math.sin(2 * math.pi * hertz * n / rate)) for n in range(int(rate * seconds))))


async def talk(socket):
    heard = {0: 0, 1: 0}
    async for message in socket:
        if isinstance(message, bytes):
            track, samples = message[0], array.array("h", message[1:])  # 20 ms of the caller (0) or the called (1)
            heard[track] += 1
            if heard[track] % 50 == 0:
                loudness = max(abs(sample) for sample in samples)
                print(json.dumps({"track": track, "seconds": heard[track] // 50, "peak": loudness}), flush=True)
        else:
            event = json.loads(message)
            print(json.dumps(event), flush=True)
            if event["event"] == "start":
                await socket.send(hum(event["sampleRate"], 2).tobytes())
                await socket.send(json.dumps({"event": "mark", "name": "hummed"}))
            elif event["event"] == "dtmf" and event["digit"] == "#":
                await socket.send(json.dumps({"event": "clear"}))


async def main(port):
    async with serve(talk, "127.0.0.1", port) as server:
        await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
