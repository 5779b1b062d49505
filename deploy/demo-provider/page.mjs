// The pages of the demonstration's provider: Italian, plain HTML, usable with the keyboard alone, no script.

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const text = (value) => String(value ?? '').replace(/[&<>"']/g, (sign) => ENTITIES[sign]);

const STYLE = `
  :root { color-scheme: light; }
  body { font: 1.125rem/1.5 "Titillium Web", system-ui, sans-serif; margin: 0; background: #fff; color: #17324d; }
  header { background: #0066cc; color: #fff; padding: 1rem; }
  header p, header h1 { max-width: 40rem; margin: 0 auto; }
  main { max-width: 40rem; margin: 0 auto; padding: 1rem; }
  .notice { border-left: .4rem solid #995c00; background: #fff8ec; padding: .75rem 1rem; }
  .wrong { border-left: .4rem solid #b0233a; background: #fdf0f2; padding: .75rem 1rem; }
  ul { list-style: none; padding: 0; }
  li { margin: .5rem 0; }
  button { font: inherit; width: 100%; text-align: left; padding: .75rem 1rem; border: 2px solid #0066cc;
           border-radius: .25rem; background: #fff; color: #0059b3; cursor: pointer; }
  button small { display: block; color: #33485c; }
  button.quiet { border-color: #5b6f82; color: #33485c; width: auto; }
  input { font: inherit; width: 100%; box-sizing: border-box; padding: .75rem; border: 2px solid #5b6f82; }
  :focus-visible { outline: 4px solid #ff9900; outline-offset: 2px; }
`;

function layout(settings, title, body) {
  return `<!DOCTYPE html>
<html lang="it">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)} - ${text(settings.name)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><p>Servizio di identità dimostrativo</p><h1>${text(settings.name)}</h1></header>
<main>
<p class="notice"><strong>Solo per la dimostrazione.</strong> Questa pagina non chiede password e crede a chi la apre:
in esercizio al suo posto c'è il servizio di identità dell'ente. Varco non conserva password.</p>
${body}
</main>
</body>
</html>`;
}

export const page = {
  signIn(settings, uid, hint, wrong) {
    const action = `/ingresso/${text(uid)}`;
    const choices = settings.accounts.map((account) => `<li><button name="codice" value="${text(account.sub)}">
${text(account.name)}<small>codice ${text(account.sub)}</small></button></li>`).join('\n');
    return layout(settings, 'Accesso', `
<h2>Chi accede?</h2>
${wrong ? `<p class="wrong" role="alert">${text(wrong)}</p>` : ''}
<form method="post" action="${action}">
<p><label for="codice">Codice personale</label>
<input id="codice" name="codice" value="${text(hint)}" autocomplete="off" autofocus></p>
<button>Entra</button>
</form>
<h2>Oppure scegli la persona</h2>
<form method="post" action="${action}">
<ul>
${choices}
</ul>
</form>
<form method="post" action="${action}"><button class="quiet" name="annulla" value="si">Annulla</button></form>`);
  },

  logout(settings, form) {
    return layout(settings, 'Uscita', `
<h2>Uscire da questo servizio di identità?</h2>
${form}
<p>Varco riceve la comunicazione e chiude le sessioni aperte.</p>
<button autofocus type="submit" form="op.logoutForm" value="yes" name="logout">Esci</button>`);
  },

  loggedOut(settings) {
    return layout(settings, 'Uscita', '<h2>Uscita completata</h2><p>Si può chiudere questa pagina.</p>');
  },

  failure(settings, out) {
    return layout(settings, 'Errore', `<h2>Richiesta non accettata</h2><p class="wrong" role="alert">${text(out.error)}</p>`);
  },
};
