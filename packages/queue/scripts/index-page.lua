--[[ The jobs that follow one in the list: newest first, those of one time by id, the higher first. The one
  itself need not be there any more.
  KEYS[1] index (hash: id → place)  [2] jobs, of all tenants or of one (zset: id by time)
  ARGV[1] how many  [2] time of the one, or "" for the first page  [3] its id
  returns { id, time, place or "", … }; a place is a processor, and " <tenant>" unless it is the default one's
]]
local first = 0
if ARGV[2] ~= "" then
  first = redis.call("ZCOUNT", KEYS[2], "(" .. ARGV[2], "+inf")
  local last = redis.call("ZCOUNT", KEYS[2], ARGV[2], "+inf")
  while first < last do -- among those of its time: the first whose id is lower
    local middle = math.floor((first + last) / 2)
    local id = redis.call("ZREVRANGE", KEYS[2], middle, middle)[1]
    if id < ARGV[3] then last = middle else first = middle + 1 end
  end
end
local entries = redis.call("ZREVRANGE", KEYS[2], first, first + tonumber(ARGV[1]) - 1, "WITHSCORES")
local page = {}
for i = 1, #entries, 2 do
  table.insert(page, entries[i])
  table.insert(page, entries[i + 1])
  table.insert(page, redis.call("HGET", KEYS[1], entries[i]) or "")
end
return page
