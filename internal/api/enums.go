package api

// Kinds of seals (SealType).
const (
	SealTypePersonal            = "PERSONAL"
	SealTypeOfficial            = "OFFICIAL"
	SealTypeFinancial           = "SPECIAL_FINANCIAL"
	SealTypeContract            = "CONTRACT"
	SealTypeLegalRepresentative = "LEGAL_REPRESENTATIVE"
	SealTypeInvoice             = "SPECIAL_NATIONWIDE_INVOICE"
	SealTypeOther               = "OTHER"
)

// OrganizationSealTypes lists the kinds of seals that an organisation has; a person has SealTypePersonal only.
func OrganizationSealTypes() []string {
	return []string{SealTypeOfficial, SealTypeContract, SealTypeFinancial, SealTypeLegalRepresentative, SealTypeInvoice, SealTypeOther}
}

// IDCardTypes lists the papers by which a person is known (IdCardType, LegalIdCardType).
func IDCardTypes() []string {
	return []string{
		"ID_CARD", "PASSPORT", "MAINLAND_TRAVEL_PERMIT_FOR_HONGKONG_AND_MACAO_RESIDENTS",
		"MAINLAND_TRAVEL_PERMIT_FOR_TAIWAN_RESIDENTS", "HOUSEHOLD_REGISTER", "TEMP_ID_CARD",
	}
}

// OrganizationTypes lists what a sub-organisation can be.
func OrganizationTypes() []string {
	return []string{"ENTERPRISE", "INDIVIDUALBIZ", "PUBLICINSTITUTION", "OTHERS"}
}

// OrganizationIDCardTypes lists the numbers by which a sub-organisation is known: the unified social credit code, or the older
// registration number.
func OrganizationIDCardTypes() []string { return []string{"USCC", "BIZREGISTNO"} }

// How a signer shows that signing is their will (VerifyChannel).
const (
	VerifyChannelWeChat  = "WEIXINAPP"
	VerifyChannelFace    = "FACEID"
	VerifyChannelCode    = "VERIFYCODE" // a code by text message
	VerifyChannelNone    = "NONE"       // white list
	VerifyChannelThird   = "THIRD"      // declared, not supported by the platform
	VerifyChannelOffline = "OFFLINE"    // SendFlowUrl only
	VerifyChannelAccount = "ACCOUNT"    // the signer's own account at the portal; the embedded engine only
)

// States of a flow (DescribeFlow, FlowStatus).
const (
	FlowCreated   int64 = 0
	FlowSigning   int64 = 1
	FlowRejected  int64 = 2
	FlowCancelled int64 = 3
	FlowArchived  int64 = 4 // signed and archived
	FlowExpired   int64 = 5
	FlowDestroyed int64 = 6
	FlowSigned    int64 = 7 // signed, not archived yet
)

// States of an approver (FlowApproverInfo, ApproveStatus).
const (
	ApproverPending        int64 = 0
	ApproverSigned         int64 = 1
	ApproverRejected       int64 = 2
	ApproverExpired        int64 = 3
	ApproverCancelled      int64 = 4
	ApproverInReview       int64 = 12
	ApproverReviewRejected int64 = 13
)

// Sorts of components. The first three are filled in before sending, the others by signers; SIGN_IMAGE is known to SignFlow only.
const (
	ComponentTypeText      = "TEXT"
	ComponentTypeDate      = "DATE"
	ComponentTypeSelect    = "SELECT"
	ComponentTypeSeal      = "SIGN_SEAL"
	ComponentTypeSignature = "SIGN_SIGNATURE"
	ComponentTypeSignDate  = "SIGN_DATE"
	ComponentTypeSignImage = "SIGN_IMAGE"
)

// How a component is placed (GenerateMode).
const (
	GenerateByCoordinates int64 = 0
	GenerateByFormField   int64 = 1
	GenerateByHTML        int64 = 2
	GenerateByKeyword     int64 = 3
)

// What links and downloads are about (SignUrlType, BusinessType).
const (
	BusinessFlow     = "FLOW"
	BusinessCatalog  = "CATALOG"
	BusinessSeal     = "SEAL"
	BusinessTemplate = "TEMPLATE"
	BusinessDocument = "DOCUMENT"
	BusinessLicense  = "BUSINESSLICENSE"
	BusinessIDCard   = "IDCARD"
)

// States of verification: a text for sub-organisations, a number for people. Only NotVerified is documented for the former.
const (
	OrganizationNotVerified       = "NotVerified"
	OrganizationVerified          = "Verified"
	UserNotVerified         int64 = 0
	UserVerified            int64 = 1
)

// Answers of SignFlow (Status).
const (
	SignSuccess = "SUCCESS"
	SignReview  = "REVIEW"
)
