// Package routing decides who is sent what and when, and makes the calls of sending exactly once.
//
// Sending a draft is a row of calls: UploadFiles for each file, CreateFlowByFiles, SendFlow for each approver of the step whose turn has
// come. None of them may be repeated blindly. Each is an entry in the outbox of package db: written before the call ("trying") and after
// it ("done", "failed"). What stands as "trying" when the portal starts, and what got no answer, has an unknown outcome: the platform is
// asked with a Describe call (custom ids for files and flows, DescribeFlowApprovers for sends), and only what it does not know is called again.
//
// The package also holds the rules of placing components and of what hinders a draft from being sent.
package routing
