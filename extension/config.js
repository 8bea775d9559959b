export default {
  server: "http://127.0.0.1:8700",
  helpdesk: { kind: "zammad", origin: "http://127.0.0.1:8701" },
};
