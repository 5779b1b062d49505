-- wrk: AuthZEN evaluations spread over N conventions, all permitted. WORK: live, again (one fact) or unique (each its own).
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local n, towns = tonumber(os.getenv("N")), tonumber(os.getenv("TOWNS"))
local work, start_s, count = os.getenv("WORK"), tonumber(os.getenv("START_S")), 0
local tokens = {}
for word in io.open(os.getenv("TOKENS")):read("*a"):gmatch("%S+") do tokens[#tokens + 1] = word end
math.randomseed(os.time())
local function instant(at_s) return os.date("!%Y-%m-%dT%H:%M:%S.000000Z", at_s) end
request = function()
  local i = math.random(0, n - 1)
  local context, action = '"purpose":"urban-security"', "live.view"
  if work ~= "live" then
    action, count = "recording.view", count + 1
    local length_s = work == "unique" and count or 60
    context = context .. string.format(
      ',"ground":"urban-security-public-order","reference":"RG-2025/4711","starts":"%s","ends":"%s"',
      instant(start_s), instant(start_s + length_s))
  end
  wrk.headers["Authorization"] = "Bearer " .. tokens[i % towns + 1]
  return wrk.format(nil, "/access/v1/evaluation", nil, string.format(
    '{"subject":{"type":"user","id":"force-%05d/agent"},"action":{"name":"%s"},"resource":{"type":"camera","id":"town-%03d/one"},"context":{%s}}',
    i, action, i % towns, context))
end
