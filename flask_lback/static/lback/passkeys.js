// Passkeys: asks this site what to ask, asks the device, and sends what it answers as a form.
// Words for people stand in the page, so that they are translated there.
"use strict";
(() => {
  const supported = Boolean(window.PublicKeyCredential && navigator.credentials);
  const OFFER_AGAIN = 4 * 60 * 1000; // a question is good for five minutes
  let waiting = null; // the offer in the list of the name's field, which any other question ends

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const base64url = (buffer) => {
    let text = "";
    for (const byte of new Uint8Array(buffer)) text += String.fromCharCode(byte);
    return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const decoded = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

  /* from JSON to what the browser's interface takes, and back */
  const question = (json) => {
    const options = { ...json, challenge: bytes(json.challenge) };
    if (json.user) options.user = { ...json.user, id: bytes(json.user.id) };
    if (json.excludeCredentials) options.excludeCredentials = decoded(json.excludeCredentials);
    if (json.allowCredentials) options.allowCredentials = decoded(json.allowCredentials);
    return options;
  };
  const answer = (credential) => {
    const { response } = credential;
    const parts = { clientDataJSON: base64url(response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) parts[name] = base64url(response[name]);
    }
    if (response.getTransports) parts.transports = response.getTransports();
    const id = base64url(credential.rawId);
    return JSON.stringify({ id, rawId: id, type: credential.type, response: parts });
  };

  const say = (form, text) => {
    const box = form.querySelector("[data-passkey-error]");
    box.hidden = !text;
    box.querySelector("p").textContent = text;
  };

  const fetchQuestion = async (form) => {
    const reply = await fetch(form.dataset.options, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-CSRFToken": form.elements.csrf_token.value,
      },
      body: "{}",
    });
    const json = await reply.json();
    if (!reply.ok) throw Object.assign(new Error(json.code), { detail: json.detail, code: json.code });
    return json;
  };

  const send = (form, ceremony, credential) => {
    form.elements.ceremony.value = ceremony;
    form.elements.credential.value = answer(credential);
    const chosen = document.querySelector("form:not([data-passkey]) input[name=remember]:checked");
    if (chosen && form.dataset.passkey === "get") {
      const remember = document.createElement("input");
      Object.assign(remember, { type: "hidden", name: "remember", value: "y" });
      form.append(remember);
    }
    form.submit();
  };

  const run = async (form) => {
    waiting?.abort();
    say(form, "");
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    try {
      const json = await fetchQuestion(form);
      const publicKey = question(json.publicKey);
      const credential = await navigator.credentials[form.dataset.passkey]({ publicKey });
      send(form, json.ceremony, credential);
    } catch (error) {
      if (error.code === "reauthentication_required") location.reload(); // the page then asks for it
      else if (error.name === "InvalidStateError") say(form, form.dataset.known);
      else if (error.name === "NotAllowedError" || error.name === "AbortError") say(form, form.dataset.stopped);
      else say(form, error.detail ?? form.dataset.failed);
      button.disabled = false;
      button.focus(); // a button that is switched off loses it, and with it the place on the page
    }
  };

  /* the browser lists passkeys beside names, in the field where one types a name */
  const offer = async (form, field) => {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    field.autocomplete = "username webauthn";
    const controller = new AbortController();
    waiting = controller;
    try {
      const json = await fetchQuestion(form);
      const again = setTimeout(() => {
        controller.abort();
        offer(form, field);
      }, OFFER_AGAIN);
      controller.signal.addEventListener("abort", () => clearTimeout(again));
      const credential = await navigator.credentials.get({
        publicKey: question(json.publicKey),
        mediation: "conditional",
        signal: controller.signal,
      });
      send(form, json.ceremony, credential);
    } catch {
      /* nobody asked for it: the button says what is wrong */
    }
  };

  document.querySelectorAll("[data-passkey]").forEach((form) => {
    if (!supported) return;
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      run(form);
    });
  });
  if (!supported) return;
  document.querySelectorAll("[data-passkey-missing]").forEach((text) => {
    text.hidden = true;
  });
  document.querySelectorAll("[data-passkey-offer]").forEach((place) => {
    const field = document.getElementById(place.dataset.passkeyOffer);
    const form = place.querySelector("[data-passkey]");
    if (field && form) offer(form, field);
  });
  // A page that the browser kept would have its button switched off.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
