package audit

import (
	"slices"
	"testing"
	"time"
)

// A reading stands when it happened, whenever its sum was written: by the day, beside other acts, and forward as well as backward.
func TestAReadingStandsWhenItHappened(t *testing.T) {
	f := newFolding(t)
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	other := Event{Actor: Actor{Name: "wang"}, Action: "flow.send"}
	f.fixture.clock.Add(16*time.Hour - time.Minute)
	f.note(t, reading(1)) // 0, at 23:59
	f.note(t, reading(3))
	f.fixture.clock.Add(30 * time.Second)
	if err := f.Record(t.Context(), other); err != nil { // 1
		t.Fatal(err)
	}
	f.fixture.clock.Add(2 * time.Minute)
	if err := f.Folder.Close(); err != nil { // 2: the sum, on the day after
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		filter Filter
		want   []int64
	}{
		"all":                   {Filter{}, []int64{1, 0}},
		"on its day":            {Filter{To: day}, []int64{1, 0}},
		"a day later":           {Filter{From: day}, nil},
		"what both have":        {Filter{About: []string{"f1"}}, []int64{0}},
		"what only the sum has": {Filter{Text: "opening"}, []int64{2}},
		"while it went on":      {Filter{From: day.Add(-30 * time.Second)}, []int64{1}},
	} {
		lines, err := f.Lines(t.Context(), c.filter, 0, 10)
		var got []int64
		for _, line := range lines {
			got = append(got, line.Seq)
			from, to := line.When()
			if line.Action == "contract.read" && (!from.Equal(day.Add(-time.Minute)) || !to.Equal(from) || line.Detail["pages"].(map[string]any)["1"] != "1, 3") {
				t.Errorf("%s: the reading is told as from %s to %s, %v", name, from, to, line.Detail)
			}
			if line.Seq == 0 && line.Sum != 2 {
				t.Errorf("%s: the sum is %d", name, line.Sum)
			}
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	forward, _, err := f.LinesFrom(t.Context(), Filter{}, 0, 10)
	if err != nil || len(forward) != 2 || forward[0].Seq != 0 || forward[0].Sum != 2 {
		t.Errorf("oldest first: %+v, %v", forward, err)
	}
}
