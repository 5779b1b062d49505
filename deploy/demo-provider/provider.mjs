// The identity provider of the demonstration and of the tests: the certified `oidc-provider`, one issuer per force.
//
//   node provider.mjs CONFIGURATION.json
//
// CONFIGURATION.json: {"issuers": [{port, issuer, name, clients: [...], accounts: [{sub, name, acr}]}]}.
// Loopback only. It knows no password: whoever can open the page is believed, so it must never face a network.

import { readFileSync } from 'node:fs';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Provider, { errors } from 'oidc-provider';
import { page } from './page.mjs';

const SHIFT_S = 12 * 60 * 60;

/** Signing keys live as long as the process: RS256 because every client must know it, ES256 because it is short. */
function signingKeys() {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  return [{ ...rsa, use: 'sig', alg: 'RS256', kid: 'rsa' }, { ...ec, use: 'sig', alg: 'ES256', kid: 'ec' }];
}

function configurationOf(settings) {
  const byCode = new Map(settings.accounts.map((account) => [account.sub, account]));
  const logoutAddresses = new Set(settings.clients.map((client) => client.backchannel_logout_uri));
  const prefix = `p${settings.port}`; // cookies do not know ports: two issuers on one host need two names
  return {
    clients: settings.clients,
    jwks: { keys: signingKeys() },
    acrValues: [...new Set(settings.accounts.map((account) => account.acr))],
    claims: { openid: ['sub'], acr: null, sid: null, auth_time: null },
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'Ed25519', 'EdDSA', 'RS256', 'PS256'] },
    pkce: { required: () => true },
    responseTypes: ['code'],
    scopes: ['openid'],
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => { ctx.body = page.logout(settings, form); },
        postLogoutSuccessSource: (ctx) => { ctx.body = page.loggedOut(settings); },
      },
    },
    cookies: {
      keys: [randomBytes(32).toString('hex')],
      names: { interaction: `${prefix}_interaction`, resume: `${prefix}_resume`, session: `${prefix}_session` },
    },
    ttl: { AuthorizationCode: 60, IdToken: 300, AccessToken: 300, Interaction: 3600, Session: SHIFT_S, Grant: SHIFT_S },
    interactions: { url: (ctx, interaction) => `/ingresso/${interaction.uid}` },
    findAccount: (ctx, sub) => (byCode.has(sub) ? { accountId: sub, claims: () => ({ sub }) } : undefined),
    // The library refuses to call loopback addresses. Here the client is on loopback, so exactly those may be called.
    fetch: (url, options) => {
      if (logoutAddresses.has(String(url))) delete options.dispatcher;
      return fetch(url, options);
    },
    renderError: (ctx, out) => { ctx.type = 'html'; ctx.body = page.failure(settings, out); },
  };
}

async function formOf(request) {
  const chunks = [];
  let bytesCount = 0;
  for await (const chunk of request) {
    bytesCount += chunk.length;
    if (bytesCount > 4096) throw new errors.InvalidRequest('form too large');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

/** The page where a person says who they are, and the consent that follows by itself: the client is the town's own. */
function addSignInPage(provider, settings) {
  const byCode = new Map(settings.accounts.map((account) => [account.sub, account]));

  async function grantFor(details, sub) {
    const grant = new provider.Grant({ accountId: sub, clientId: details.params.client_id });
    grant.addOIDCScope('openid');
    return grant.save();
  }

  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/ingresso/')) return next();
    const details = await provider.interactionDetails(ctx.req, ctx.res);
    if (ctx.method !== 'POST') {
      ctx.type = 'html';
      ctx.body = page.signIn(settings, details.uid, details.params.login_hint, '');
      return undefined;
    }
    const form = await formOf(ctx.req);
    if (form.get('annulla')) {
      return provider.interactionFinished(ctx.req, ctx.res, { error: 'access_denied' });
    }
    const account = byCode.get((form.get('codice') ?? '').trim());
    if (account === undefined) {
      ctx.status = 400;
      ctx.type = 'html';
      ctx.body = page.signIn(settings, details.uid, '', 'Codice non riconosciuto.');
      return undefined;
    }
    const result = {
      login: { accountId: account.sub, acr: account.acr, remember: true },
      consent: { grantId: await grantFor(details, account.sub) },
    };
    return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
  });
}

function start(settings) {
  if (!settings.issuer.startsWith('http://127.0.0.1:') && !settings.issuer.startsWith('http://localhost:')) {
    throw new Error(`only loopback: ${settings.issuer}`);
  }
  const provider = new Provider(settings.issuer, configurationOf(settings));
  provider.on('server_error', (ctx, error) => console.error(settings.name, error));
  for (const name of ['authorization.error', 'grant.error', 'end_session.error', 'backchannel.error']) {
    provider.on(name, (ctx, error) => console.error(settings.name, name, error.error ?? error.message, error.error_detail ?? ''));
  }
  addSignInPage(provider, settings);
  return new Promise((resolve, reject) => {
    const server = provider.listen(settings.port, '127.0.0.1', () => resolve(server));
    server.on('error', reject);
  });
}

const { issuers } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
await Promise.all(issuers.map(start));
console.log(`ready ${issuers.length}`);

// Whoever started this holds our standard input open; when that ends, so does this process.
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
