"""Follows the feed over gql's socket, connecting again and again, and prints each event. It remembers the last cursor."""

import asyncio
import json
import sys

from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportError
from gql.transport.websockets import WebsocketsTransport

EVENTS = gql("""subscription ($after: String) {
  events(after: $after) { __typename cursor ... on MessageAdded { message { text } } }
}""")


async def main(url: str, token: str, after: str) -> None:
    while True:
        socket = WebsocketsTransport(
            url.replace("http", "ws", 1),
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
            init_payload={"authorization": f"Bearer {token}"},
        )
        try:
            async with Client(transport=socket) as session:
                request = GraphQLRequest(EVENTS, variable_values={"after": after})
                async for result in session.subscribe(request):
                    print(json.dumps(result), flush=True)
                    after = result["events"]["cursor"]
        except (TransportError, OSError, EOFError, asyncio.TimeoutError):
            pass
        await asyncio.sleep(0.05)


asyncio.run(main(*sys.argv[1:]))
