"""Signs in over a socket with gql's default transport, prints who it is, and then each message that arrives."""

import asyncio
import sys

from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport


async def main(url: str, token: str) -> None:
    transport = WebsocketsTransport(url=url, init_payload={"authorization": f"Bearer {token}"})
    async with Client(transport=transport) as session:
        me = await session.execute(gql("{ me { fullName } }"))
        print(me["me"]["fullName"], flush=True)
        events = gql("subscription { events { __typename cursor ... on MessageAdded { message { text } } } }")
        async for result in session.subscribe(events):
            event = result["events"]
            print(event.get("message", {}).get("text", event["__typename"]), flush=True)


asyncio.run(main(*sys.argv[1:]))
