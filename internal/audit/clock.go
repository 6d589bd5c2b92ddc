package audit

import (
	"encoding/json"
	"maps"
)

// ActionClock is the action of an event which tells that the clock was set. It alone may be earlier than the event before it, so that times
// are right again after a clock that was ahead: its detail then states, as lastTime, the time of that event in microseconds.
const ActionClock = "clock.set"

// lastTimeField is where the detail of an ActionClock states the time that it steps back from.
const lastTimeField = "lastTime"

// backTo lets an ActionClock step back from the time of the event before, in microseconds; other events do not.
func (e *Event) backTo(last int64) bool {
	if e.Action != ActionClock {
		return false
	}
	detail := maps.Clone(e.Detail)
	if detail == nil {
		detail = map[string]any{}
	}
	detail[lastTimeField] = last
	e.Detail = detail
	return true
}

// statedTime is the time of the event before, if the event itself says that it is earlier than that one.
func statedTime[T string | []byte](fields []T) (last int64, ok bool) {
	if string(fields[columnAction]) != ActionClock {
		return 0, false
	}
	var stated struct {
		LastTime int64 `json:"lastTime"`
	}
	ok = json.Unmarshal([]byte(fields[columnDetail]), &stated) == nil
	return stated.LastTime, ok
}
