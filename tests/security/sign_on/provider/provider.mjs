/* A certified OpenID Connect provider, oidc-provider, for tests: whoever types a name is this user, and belongs to the groups after the @.
   Arguments: folder of the packages, port, address of the hub, client id, client secret. */

import { generateKeyPairSync } from "node:crypto";
import { pathToFileURL } from "node:url";

const [packages, port, hub, clientId, clientSecret] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${packages}/oidc-provider/lib/index.js`));

const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

const provider = new Provider(`http://localhost:${port}`, {
  claims: { openid: ["sub"], profile: ["preferred_username", "roles"] },
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: [`${hub}/account/sign-on/return`],
      post_logout_redirect_uris: [`${hub}/`],
      backchannel_logout_uri: `${hub}/account/sign-on/end-sessions`,
      backchannel_logout_session_required: true,
    },
  ],
  cookies: { keys: ["a key for the cookies of a test"] },
  features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id.split("@")[0], roles: id.split("@").slice(1) }),
  }),
  jwks: { keys: [{ ...key, kid: "of the test", use: "sig", alg: "RS256" }] },
  pkce: { required: () => true },
});

provider.on("server_error", (_, error) => console.error(error));
provider.on("authorization.error", (_, error) => console.error(error));
provider.on("grant.error", (_, error) => console.error(error));
provider.on("backchannel.error", (_, error) => console.error(error));
provider.listen(Number(port), "localhost", () => console.log("listening"));
