-- wrk: AuthZEN evaluations for the peer, spread over N policies, all permitted.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local n = tonumber(os.getenv("N"))
math.randomseed(os.time())
request = function()
  local i = math.random(0, n - 1)
  return wrk.format(nil, "/access/v1/evaluation", nil, string.format(
    '{"subject":{"type":"user","id":"u1","properties":{"body":"org%d","cerbos.roles":["operator"]}},"action":{"name":"live"},"resource":{"type":"camera_%d","id":"c","properties":{"area":"it:%d","purpose":"urban-security"}}}',
    i, i, i))
end
