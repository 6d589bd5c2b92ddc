package audit

import (
	"fmt"
	"slices"
	"testing"
)

// told writes lines in short: number, action, and its calls in brackets.
func told(lines []Line) (all []string) {
	for _, line := range lines {
		text := fmt.Sprint(line.Seq, " ", line.Action)
		for _, c := range line.Calls {
			text += fmt.Sprint(" [", c.Seq, " ", c.Action, " ", c.Outcome, "]")
		}
		if line.More > 0 {
			text += fmt.Sprint(" +", line.More)
		}
		all = append(all, text)
	}
	return all
}

func TestOneActIsOneLine(t *testing.T) {
	f := open(t, Options{})
	add := func(request, action, outcome, object string, detail map[string]any) {
		t.Helper()
		e := Event{Actor: Actor{Name: "wang", Role: "business", RequestID: request}, Action: action, Outcome: outcome, ObjectType: "flow", ObjectID: object, Detail: detail}
		if outcome == Failed {
			e.ErrorCode = "FailedOperation"
		}
		if err := f.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	call := func(id string) map[string]any { return map[string]any{"call": id} }
	add("r1", "flow.send", OK, "f1", map[string]any{"name": "办公设备采购合同"}) // 0: the act
	add("r2", "platform.DescribeFlow", Intent, "p9", call("c1"))         // 1
	add("r1", "platform.CreateFlowByFiles", Intent, "", call("c2"))      // 2: its calls leave later
	add("r2", "platform.DescribeFlow", OK, "p9", call("c1"))             // 3: a question that nobody's act caused
	add("r1", "platform.CreateFlowByFiles", OK, "p1", call("c2"))        // 4
	add("r1", "platform.SendFlow", Intent, "p1", call("c3"))             // 5
	add("r1", "platform.SendFlow", Failed, "p1", call("c3"))             // 6
	add("r3", "platform.CreateSeal", Intent, "", nil)                    // 7: an older event, linked by its number
	add("r3", "platform.CreateSeal", Failed, "", map[string]any{"intent": 7})
	add("r4", "contract.read", OK, "f1", nil)                   // 9
	add("r4", "platform.DescribeFlow", Intent, "p1", call("d")) // 10: never answered
	add("", "platform.poll", OK, "", nil)                       // 11
	for name, c := range map[string]struct {
		filter Filter
		want   []string
	}{
		"all": {Filter{}, []string{"9 contract.read [10 platform.DescribeFlow intent]", "8 platform.CreateSeal",
			"0 flow.send [4 platform.CreateFlowByFiles ok] [6 platform.SendFlow failed]"}},
		"what failed, also under an act that did not": {Filter{Outcome: Failed}, []string{"8 platform.CreateSeal", "6 platform.SendFlow [4 platform.CreateFlowByFiles ok]"}},
		"by the platform's id":                        {Filter{About: []string{"p1"}}, []string{"6 platform.SendFlow", "4 platform.CreateFlowByFiles"}},
		"by both ids":                                 {Filter{About: []string{"f1", "p1"}}, []string{"9 contract.read [10 platform.DescribeFlow intent]", "0 flow.send [4 platform.CreateFlowByFiles ok] [6 platform.SendFlow failed]"}},
		"some actions":                                {Filter{Actions: []string{"flow.send", "contract.read"}, Actor: "wang"}, []string{"9 contract.read [10 platform.DescribeFlow intent]", "0 flow.send [4 platform.CreateFlowByFiles ok] [6 platform.SendFlow failed]"}},
		"words":                                       {Filter{Text: "办公设备"}, []string{"0 flow.send [4 platform.CreateFlowByFiles ok] [6 platform.SendFlow failed]"}},
		"nobody":                                      {Filter{Role: "admin"}, nil},
	} {
		lines, err := f.Lines(t.Context(), c.filter, 0, 50)
		if err != nil || !slices.Equal(told(lines), c.want) {
			t.Errorf("%s:\n%q, %v\nwant\n%q", name, told(lines), err, c.want)
		}
		var paged []string // page by page: the same
		for before := int64(0); ; {
			part, err := f.Lines(t.Context(), c.filter, before, 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(part) == 0 {
				break
			}
			paged = append(paged, fmt.Sprint(part[0].Seq))
			if before = part[0].Seq; before == 0 {
				break
			}
		}
		if len(paged) != len(c.want) {
			t.Errorf("%s: page by page %q", name, paged)
		}
	}
	var forward []string
	for from, more := int64(0), true; more; {
		part, next, err := f.LinesFrom(t.Context(), Filter{}, from, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range part {
			forward = append(forward, fmt.Sprint(line.Seq))
		}
		from, more = next, next > 0
	}
	if !slices.Equal(forward, []string{"0", "8", "9"}) {
		t.Errorf("oldest first: %q", forward)
	}
	sent, err := f.Get(t.Context(), 6)
	if err != nil {
		t.Fatal(err)
	}
	if act, err := f.LineOf(t.Context(), &sent); err != nil || act.Seq != 0 || len(act.Calls) != 2 {
		t.Errorf("the act of a call: %+v, %v", act, err)
	}
	for outcome, want := range map[int64]int64{6: 5, 8: 7, 3: 1} {
		e, err := f.Get(t.Context(), outcome)
		if err != nil {
			t.Fatal(err)
		}
		if intent, err := f.IntentOf(t.Context(), &e); err != nil || intent.Seq != want {
			t.Errorf("the intent of %d is %d, %v", outcome, intent.Seq, err)
		}
	}
}
