package templates

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

func (s DraftStep) size() int { return len(s.People) + len(s.Approvals) }

// channelNames are channels in words.
func channelNames(ctx context.Context, channels []string) string {
	names := make([]string, len(channels))
	for i, channel := range channels {
		names[i] = t(ctx, "builder.channel."+channel)
	}
	return strings.Join(names, t(ctx, "builder.separator"))
}

// personFacts are what an approver of a draft must do, in one line.
func personFacts(ctx context.Context, p DraftPerson) string {
	facts := []string{channelNames(ctx, p.Channels)}
	if !p.Deadline.IsZero() {
		facts = append(facts, t(ctx, "people.until", "Time", TimeText(p.Deadline)))
	}
	if p.FullText {
		facts = append(facts, t(ctx, "builder.full_text"))
	}
	if p.PreRead > 0 {
		facts = append(facts, t(ctx, "people.preread.fact", "Seconds", p.PreRead))
	}
	return strings.Join(facts, " · ")
}

// needOptions are all of a step's people, and every smaller number of them.
func needOptions(ctx context.Context, s DraftStep) []Option {
	options := []Option{{Value: strconv.Itoa(s.size()), Text: t(ctx, "people.need.all", "Count", s.size())}}
	for n := s.size() - 1; n > 0; n-- {
		options = append(options, Option{Value: strconv.Itoa(n), Text: t(ctx, "people.need.some", "Need", n, "Count", s.size())})
	}
	return options
}

// joinOptions are the steps that one more signer can join, and a new one after them.
func joinOptions(ctx context.Context, steps []DraftStep) []Option {
	var options []Option
	for _, s := range steps {
		if len(s.People) > 0 {
			options = append(options, Option{Value: strconv.Itoa(s.Number), Text: t(ctx, "people.join", "Step", s.Number)})
		}
	}
	return append(options, Option{Value: strconv.Itoa(len(steps) + 1), Text: t(ctx, "people.join.new", "Step", len(steps)+1)})
}

// beforeOptions are the places of an approval.
func beforeOptions(ctx context.Context, steps []DraftStep) []Option {
	var options []Option
	for _, s := range steps {
		options = append(options, Option{Value: strconv.Itoa(s.Number), Text: t(ctx, "people.before", "Step", s.Number)})
	}
	return append(options, Option{Value: strconv.Itoa(len(steps) + 1), Text: t(ctx, "people.before.end")})
}

func copyTime(ctx context.Context, atSending bool) string {
	if atSending {
		return t(ctx, "people.copies.sending")
	}
	return t(ctx, "people.copies.complete")
}

func chosen(list []string, value string) bool { return slices.Contains(list, value) }
