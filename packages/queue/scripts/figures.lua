--[[ The jobs of a queue by state, and since when the one waits that has waited longest of those that could run.
  Looks at the ends of the lists and at the first job of each priority, and so at 206 jobs at most.
  KEYS[1] active  [2] wait  [3] paused  [4] prioritized  [5] delayed  [6] completed  [7] failed
  ARGV[1] how the keys of job hashes begin  [2] how many scores of a delayed job make a ms
    [3] how many scores make a priority  [4] how many priorities there are
  returns { waiting, prioritized, delayed, active, completed, failed, time in ms since the epoch,
    since when in ms since the epoch, or 0 when none waits }
  A delayed job whose time has come is one that waits: it stays among the delayed until a worker looks. One
  that had begun before waits since the last event of its history.
]]
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local latestDue = now * tonumber(ARGV[2]) + tonumber(ARGV[2]) - 1
local due = redis.call("ZCOUNT", KEYS[5], "-inf", latestDue)
local oldest = 0

local function wait(since)
  if since and (oldest == 0 or since < oldest) then oldest = since end
end

local function member(json, name)
  local isJson, value = pcall(cjson.decode, json or "")
  return isJson and type(value) == "table" and tonumber(value[name]) or nil
end

local function look(id)
  if not id then return end
  local fields = redis.pcall("HMGET", ARGV[1] .. id, "timestamp", "ats", "data")
  if fields.err or not fields[1] then return end
  local since = math.max(tonumber(fields[1]) or 0, member(fields[3], "runAt") or 0)
  if fields[2] and fields[2] ~= "0" then
    local event = redis.pcall("LINDEX", ARGV[1] .. id .. ":history", -1)
    if type(event) == "string" then since = member(event, "until") or member(event, "at") or since end
  end
  wait(since)
end

for _, list in ipairs({ KEYS[2], KEYS[3] }) do
  look(redis.call("LINDEX", list, 0))
  look(redis.call("LINDEX", list, -1))
end
local from = "-inf"
for _ = 1, tonumber(ARGV[4]) do
  local first = redis.call("ZRANGEBYSCORE", KEYS[4], from, "+inf", "WITHSCORES", "LIMIT", 0, 1)
  if not first[1] then break end
  look(first[1])
  -- Straight to the next priority that there is. Lua would print it with 14 digits, and it has 12 at most.
  from = (math.floor(tonumber(first[2]) / tonumber(ARGV[3])) + 1) * tonumber(ARGV[3])
end
local first = redis.call("ZRANGEBYSCORE", KEYS[5], "-inf", latestDue, "WITHSCORES", "LIMIT", 0, 1)
if first[2] then wait(math.floor(tonumber(first[2]) / tonumber(ARGV[2]))) end

return { redis.call("LLEN", KEYS[2]) + redis.call("LLEN", KEYS[3]) + due, redis.call("ZCARD", KEYS[4]),
  redis.call("ZCARD", KEYS[5]) - due, redis.call("LLEN", KEYS[1]), redis.call("ZCARD", KEYS[6]),
  redis.call("ZCARD", KEYS[7]), now, oldest }
