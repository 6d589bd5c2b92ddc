// A certified OpenID Connect server on this machine, with its own pages on which anybody signs in under any name.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

/** Starts the server for one client, who is sent back to the address. Returns the issuer and stop(). */
export async function startIssuer({ clientID, clientSecret, redirect }) {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientID, client_secret: clientSecret, redirect_uris: [redirect], grant_types: ["authorization_code"], response_types: ["code"] }],
    cookies: { keys: ["a key of the test"] },
    pkce: { required: () => true },
  });
  server.on("request", provider.callback());
  return {
    issuer,
    stop: () =>
      new Promise((done) => {
        server.close(done);
        server.closeAllConnections();
      }),
  };
}
